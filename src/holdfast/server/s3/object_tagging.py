"""GetObjectTagging, PutObjectTagging and DeleteObjectTagging."""

from collections.abc import Mapping

import msgspec

from holdfast.engine.records import ObjectVersion
from holdfast.server.operation import Answer, Params, Result, Snapshot, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.found import object_of, reported_version
from holdfast.server.s3.tags import tag_set_of, tags_of_set


@operation("GetObjectTagging")
def get_object_tagging(tx: Snapshot, params: Params) -> Result:
    """Return the tags of a version; none is an empty set.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed or InvalidArgument.
    """
    bucket = bucket_of(tx, params)
    version = object_of(tx, bucket, params, method="GET")
    return {"TagSet": tag_set_of(version.tags), **reported_version(bucket, version)}


@operation("PutObjectTagging", writes=True)
def put_object_tagging(tx: Transaction, params: Params) -> Result:
    """Replace the tags of a version.

    Raises:
        ServiceError: as `get_object_tagging`; BadRequest or InvalidTag.
    """
    bucket = bucket_of(tx, params)
    version = object_of(tx, bucket, params, method="PUT")
    _replace(tx, version, tags_of_set(params["Tagging"].get("TagSet", [])))
    return reported_version(bucket, version)


@operation("DeleteObjectTagging", writes=True)
def delete_object_tagging(tx: Transaction, params: Params) -> Result:
    """Remove the tags of a version.

    Raises:
        ServiceError: as `get_object_tagging`.
    """
    bucket = bucket_of(tx, params)
    version = object_of(tx, bucket, params, method="DELETE")
    _replace(tx, version, {})
    return Answer(reported_version(bucket, version), status=204)


def _replace(tx: Transaction, version: ObjectVersion, tags: Mapping[str, str]) -> None:
    tx.put(msgspec.structs.replace(version, tags=dict(tags)))
