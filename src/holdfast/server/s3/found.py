"""Finding the object a request is about, with AWS's errors when it is not there."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.timestamps import http_date
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Bucket, ObjectVersion
from holdfast.server.operation import Params, Snapshot
from holdfast.server.s3.sealing import Opened, open_version
from holdfast.server.s3.versions import version_of


def object_of(tx: Snapshot, bucket: Bucket, params: Params, *, method: str) -> ObjectVersion:
    """Return the version that `Key` and `VersionId` name; never a delete marker.

    Args:
        tx: the view to look in.
        bucket: the bucket of the request.
        params: of the request.
        method: its HTTP method, which the error for a delete marker names.

    Raises:
        ServiceError: see `version_in`.
    """
    return opened_object_of(tx, bucket, params, method=method).version


def opened_object_of(tx: Snapshot, bucket: Bucket, params: Params, *, method: str) -> Opened:
    """Return the version that `object_of` does, with what opens its bodies.

    Raises:
        ServiceError: see `version_in`.
    """
    return version_in(tx, bucket, params["Key"], params.get("VersionId"), method=method)


def version_in(
    tx: Snapshot, bucket: Bucket, key: str, version_id: str | None, *, method: str
) -> Opened:
    """Return a version of a key, the newest if no id is given; never a delete marker.

    Its seal is checked, so whatever is said of it, with or without its bytes, is what was written.

    Raises:
        CorruptData: the version is not what was written.
        ServiceError: NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker by its id) or
            InvalidArgument (no version can have this id).
    """
    if version_id == "":
        raise ServiceError(
            "InvalidArgument",
            "Version id cannot be the empty string",
            ArgumentName="versionId",
            ArgumentValue="",
        )
    version = version_of(tx, bucket.name, key, version_id)
    if version is None:
        if version_id is not None:
            raise ServiceError("NoSuchVersion", Key=key, VersionId=version_id)
        raise ServiceError("NoSuchKey", Key=key)
    if version.delete_marker:
        if version.stored:
            raise CorruptData("a delete marker has content")
        raise _deleted(version, method, by_id=version_id is not None)
    return Opened(version, open_version(tx.site.vault, version))


def _deleted(marker: ObjectVersion, method: str, *, by_id: bool) -> ServiceError:
    headers = (
        ("x-amz-delete-marker", "true"),
        ("x-amz-version-id", marker.version_id),
    )
    if not by_id:
        return ServiceError("NoSuchKey", headers=headers, Key=marker.key)
    modified = http_date(marker.last_modified)
    return ServiceError(
        "MethodNotAllowed",
        headers=(*headers, ("Last-Modified", modified), ("Allow", "DELETE")),
        Method=method,
        ResourceType="DeleteMarker",
    )


def reported_version(bucket: Bucket, version: ObjectVersion) -> dict[str, str]:
    """Return the `VersionId` member; a bucket that never had versioning reports none."""
    return {"VersionId": version.version_id} if bucket.versioning else {}
