"""GetObject and HeadObject."""

from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, ObjectVersion
from holdfast.server.operation import Answer, Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.conditions import check_read
from holdfast.server.s3.customer_keys import check_customer_key, customer_key_of
from holdfast.server.s3.encryption import reported
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.found import object_of, opened_object_of, reported_version
from holdfast.server.s3.new_object import reported_checksums
from holdfast.server.s3.object_headers import reported_headers
from holdfast.server.s3.ranges import Slice, parse_range
from holdfast.server.s3.reading import content, extents
from holdfast.server.s3.reduced import read_reduced
from holdfast.server.s3.shown import shown


@operation("GetObject", brief=True)
def get_object(tx: Snapshot, params: Params) -> Result:
    """Return an object or a part of it.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed, PreconditionFailed,
            NotModified, InvalidRange, InvalidPartNumber, InvalidArgument, InvalidRequest,
            AccessDenied or `KMS.<code>`.
        CorruptData: what is stored is not what was written.
    """
    bucket = bucket_of(tx, params)
    if (reduced := read_reduced(tx, bucket, params, method="GET")) is not None:
        return reduced
    if (answer := shown(tx, bucket, params["Key"])) is not None:
        return answer
    opened = opened_object_of(tx, bucket, params, method="GET")
    version = opened.version
    customer = customer_key_of(params)
    check_customer_key(version.encryption, customer)
    check_read(version, params)
    part = _slice(version, params)
    start, stop = (part.start, part.stop) if part else (0, version.size)
    body = content(tx, extents(tx, opened, customer, start, stop))
    result = _described(bucket, version, params, part)
    return Answer({**result, "Body": body}, status=206 if part else None)


@operation("HeadObject", brief=True)
def head_object(tx: Snapshot, params: Params) -> Result:
    """Return what GetObject would, but the bytes. Needs no KMS key.

    Raises:
        ServiceError: as `get_object`.
    """
    bucket = bucket_of(tx, params)
    if (reduced := read_reduced(tx, bucket, params, method="HEAD")) is not None:
        return reduced
    if (answer := shown(tx, bucket, params["Key"])) is not None:
        return {name: value for name, value in answer.items() if name != "Body"}
    version = object_of(tx, bucket, params, method="HEAD")
    check_customer_key(version.encryption, customer_key_of(params))
    check_read(version, params)
    part = _slice(version, params)
    return Answer(_described(bucket, version, params, part), status=206 if part else None)


def _slice(version: ObjectVersion, params: Params) -> Slice | None:
    number = params.get("PartNumber")
    if number is None:
        return parse_range(params.get("Range"), version.size)
    if params.get("Range") is not None:
        raise ServiceError(
            "InvalidRequest", "Cannot specify both Range header and partNumber query parameter"
        )
    return part_slice(version, number)


def part_slice(version: ObjectVersion, number: int) -> Slice | None:
    """Return where the part with this place (from 1) is; an object put whole is one part.

    None stands for an empty object, which no Content-Range can describe.

    Raises:
        ServiceError: InvalidPartNumber or InvalidArgument.
    """
    if not 1 <= number <= 10_000:
        raise ServiceError(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    sizes = [part.size for part in version.parts] or [version.size]
    if number > len(sizes):
        raise ServiceError(
            "InvalidPartNumber", ActualPartCount=len(sizes), PartNumberRequested=number
        )
    start = sum(sizes[: number - 1])
    stop = start + sizes[number - 1]
    return Slice(start, stop, version.size) if start < stop else None


def _described(
    bucket: Bucket, version: ObjectVersion, params: Params, part: Slice | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": version.last_modified,
        "ContentLength": part.length if part else version.size,
        "ETag": quoted(version.etag),
        "Metadata": version.metadata,
        **reported_headers(version.headers, params),
        **reported_version(bucket, version),
        **reported(version.encryption),
    }
    if part is not None:
        result["ContentRange"] = part.content_range
    whole = part is None or part.length == version.size
    if whole and params.get("ChecksumMode") == "ENABLED":
        # Clients check it against the bytes of this answer, so less than all must not carry it.
        result |= reported_checksums(version.checksums, version.checksum_type)
    if version.storage_class != "STANDARD":
        result["StorageClass"] = version.storage_class
    if version.tags:
        result["TagCount"] = len(version.tags)
    if params.get("PartNumber") is not None and version.parts:
        result["PartsCount"] = len(version.parts)
    return result
