"""What a bucket holds that is no state: evidence that it serves something else."""

from collections.abc import Iterable
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.translate import translated
from holdfast.operations.bootstrap.actual import Identity
from holdfast.operations.bootstrap.arns import owned, s3_call
from holdfast.terraform.address import LOCK_FILE_SUFFIX

_LISTED = 1000  # keys
_READ = 20  # objects without a telling name
_EXAMPLES = 5
_LARGEST = 64 * 2**20  # bytes
_NAMES = (".tfstate", LOCK_FILE_SUFFIX)


def other_objects(connection: Connection, identity: Identity, bucket: str) -> list[str]:
    """Return objects that are not states, as `object KEY`: a few, out of the first thousand."""
    call = s3_call(f"list the objects of {bucket}", "ListBucket", bucket)
    with translated(call):
        where: Any = owned(identity, bucket)
        answer: Any = connection.s3.list_objects_v2(**where, MaxKeys=_LISTED)
    unnamed = (each for each in answer.get("Contents", []) if not each["Key"].endswith(_NAMES))
    found: list[str] = []
    for looked_at, each in enumerate(unnamed):
        if looked_at >= _READ or len(found) >= _EXAMPLES:
            break
        if not _is_state(connection, identity, bucket, each):
            found.append(f"object {each['Key']}")
    return found


def _is_state(connection: Connection, identity: Identity, bucket: str, listed: Any) -> bool:
    from holdfast.terraform.statefile import UnreadableState, header

    key = listed["Key"]
    if listed["Size"] > _LARGEST:
        return False
    with translated(s3_call(f"read s3://{bucket}/{key}", "GetObject", bucket)):
        where: Any = owned(identity, bucket)
        answer: Any = connection.s3.get_object(**where, Key=key)
        body = answer["Body"].read()
    try:
        header(body)
    except UnreadableState:
        return False
    return True


def versions(connection: Connection, identity: Identity, bucket: str) -> Iterable[Any]:
    """Yield all versions and delete markers; `IsMarker` tells them apart."""
    call = s3_call(f"list the versions of {bucket}", "ListBucketVersions", bucket)
    with translated(call):
        pages: Any = connection.s3.get_paginator("list_object_versions")
        for page in pages.paginate(**owned(identity, bucket)):
            for each in page.get("Versions", []):
                yield {**each, "IsMarker": False}
            for each in page.get("DeleteMarkers", []):
                yield {**each, "IsMarker": True}
