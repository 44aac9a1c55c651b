"""DeleteObject and DeleteObjects."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, ObjectVersion
from holdfast.server.access.admission import DENIED
from holdfast.server.judging import Refusal
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.s3 import versions
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.conditions import Conditioned, check_delete, etag_matches
from holdfast.server.s3.keys import check_key
from holdfast.server.s3.refused import refused
from holdfast.server.s3.shown import compared
from holdfast.server.withheld import as_told

MOST_AT_ONCE = 1000  # API reference: DeleteObjects


@operation("DeleteObject", writes=True, brief=True)
def delete_object(tx: Transaction, params: Params) -> Result:
    """Delete an object, or one version of it for good. Deleting nothing is no error.

    Raises:
        ServiceError: NoSuchBucket, KeyTooLongError, InvalidArgument, PreconditionFailed, or
            NoSuchKey for an entity tag where there is no object.
    """
    bucket, key = bucket_of(tx, params), params["Key"]
    check_key(key)
    _refuse_bypass(params)
    version_id = params.get("VersionId")
    found = versions.version_of(tx, bucket.name, key, version_id)
    etag = params.get("IfMatch")
    expected: Conditioned | None = _object(found)
    is_it = expected is not None and etag_matches(etag or "*", expected.etag)
    if etag is not None and version_id is None and not is_it:
        expected = compared(tx, bucket, key) or expected
    check_delete(
        key,
        expected,
        etag,
        params.get("IfMatchLastModifiedTime"),
        params.get("IfMatchSize"),
    )
    verdict = tx.rules.delete_object(tx, bucket.name, key, version_id)
    if isinstance(verdict, Refusal):
        return refused(as_told(tx, verdict, bucket.name, key))
    if verdict is not None:
        return {}
    return _deleted(tx, bucket, key, version_id, found)


def _object(found: ObjectVersion | None) -> ObjectVersion | None:
    return None if found is None or found.delete_marker else found


def _refuse_bypass(params: Params) -> None:
    if "BypassGovernanceRetention" in params:
        raise ServiceError(
            "InvalidArgument",
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            ArgumentName="x-amz-bypass-governance-retention",
        )


def _deleted(
    tx: Transaction,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    found: ObjectVersion | None,
) -> dict[str, Any]:
    """Delete, and return `VersionId` and `DeleteMarker` as AWS answers them."""
    if version_id is None:
        marker = versions.delete(tx, bucket, key)
        return {} if marker is None else _about(marker.version_id, marker=True)
    if found is not None:
        versions.remove(tx, found)
    if not bucket.versioning:
        return {}
    return _about(version_id, marker=found is not None and found.delete_marker)


def _about(version_id: str, *, marker: bool) -> dict[str, Any]:
    return {"VersionId": version_id, **({"DeleteMarker": True} if marker else {})}


@operation("DeleteObjects", writes=True)
def delete_objects(tx: Transaction, params: Params) -> Result:
    """Delete up to a thousand objects or versions; each succeeds or fails by itself.

    Raises:
        ServiceError: NoSuchBucket, MalformedXML or InvalidArgument.
    """
    bucket = bucket_of(tx, params)
    _refuse_bypass(params)
    wanted = params["Delete"].get("Objects", [])
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise ServiceError("MalformedXML")
    deleted, errors = [], []
    denied = params.get(DENIED) or [None] * len(wanted)
    for item, denial in zip(wanted, denied, strict=True):
        try:
            if denial is not None:
                raise denial
            deleted.append(_delete_one(tx, bucket, item))
        except ServiceError as error:
            errors.append(_error(item, error))
    result: dict[str, Any] = {}
    if deleted and not params["Delete"].get("Quiet", False):
        result["Deleted"] = deleted
    if errors:
        result["Errors"] = errors
    return result


def _delete_one(tx: Transaction, bucket: Bucket, item: Mapping[str, Any]) -> dict[str, Any]:
    # Every check is before the first write, so a refused item leaves nothing half done.
    key, version_id = item["Key"], item.get("VersionId")
    check_key(key)
    found = _version(tx, bucket, key, version_id)
    check_delete(
        key, _object(found), item.get("ETag"), item.get("LastModifiedTime"), item.get("Size")
    )
    verdict = tx.rules.delete_object(tx, bucket.name, key, version_id)
    if isinstance(verdict, Refusal):
        raise refused(as_told(tx, verdict, bucket.name, key))
    about = {} if verdict else _deleted(tx, bucket, key, version_id, found)
    result = {"Key": key}
    if version_id is not None:
        result["VersionId"] = version_id
    if about.get("DeleteMarker"):
        result |= {"DeleteMarker": True, "DeleteMarkerVersionId": about["VersionId"]}
    return result


def _version(
    tx: Transaction, bucket: Bucket, key: str, version_id: str | None
) -> ObjectVersion | None:
    try:
        return versions.version_of(tx, bucket.name, key, version_id)
    except ServiceError as error:
        # DeleteObject calls an impossible id an invalid argument; this operation does not.
        raise ServiceError("NoSuchVersion", Key=key, VersionId=version_id) from error


def _error(item: Mapping[str, Any], error: ServiceError) -> dict[str, Any]:
    version = {"VersionId": item["VersionId"]} if "VersionId" in item else {}
    return {"Key": item["Key"], **version, "Code": error.code, "Message": error.message}
