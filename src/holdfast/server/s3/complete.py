"""CompleteMultipartUpload: links the parts of an upload as one object. No byte is moved."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from holdfast.aws.checksums import COMPOSITE, SIZES, combine, composite
from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import unlink
from holdfast.engine.records import Bucket, Object, ObjectVersion, Part, PartSummary, Upload
from holdfast.server.judging import ObjectPut
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.s3 import versions
from holdfast.server.s3.assembled import ASSEMBLED, NOTHING, Assembled, inspect_parts
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.conditions import check_write
from holdfast.server.s3.encryption import check_usable, reported
from holdfast.server.s3.etags import multipart_etag, quoted, unquoted
from holdfast.server.s3.found import reported_version
from holdfast.server.s3.judged import judge_put
from holdfast.server.s3.new_object import reported_checksums
from holdfast.server.s3.object_changes import changed
from holdfast.server.s3.sealing import open_part, seal_version
from holdfast.server.s3.set_aside import set_upload_aside
from holdfast.server.s3.uploads import MOST_PARTS, upload_of

SMALLEST_PART = 5 * 1024**2  # bytes, of every part but the last (User Guide: qfacts)
LARGEST_OBJECT = 5 * 1024**4  # bytes
# A client whose answer was lost asks again; how many versions back it may still be answered.
_REMEMBERED = 20


@operation("CompleteMultipartUpload", writes=True, prepare=inspect_parts)
def complete_multipart_upload(tx: Transaction, params: Params) -> Result:
    """Make the parts listed the newest version of the key; asking again gives the same answer.

    Raises:
        ServiceError: NoSuchBucket, NoSuchUpload, MalformedXML, InvalidPart, InvalidPartOrder,
            InvalidRequest, EntityTooSmall, EntityTooLarge, BadDigest; PreconditionFailed,
            NoSuchKey or NotImplemented for a condition; `KMS.<code>`.
    """
    bucket, key = bucket_of(tx, params), params["Key"]
    listed: Sequence[Mapping[str, Any]] = params.get("MultipartUpload", {}).get("Parts", [])
    if not 0 < len(listed) <= MOST_PARTS:
        raise ServiceError("MalformedXML")
    _check_order(listed)
    done = _completed_before(tx, params, listed)
    if done is not None:
        return _result(tx, bucket, done)
    upload = upload_of(tx, params)
    check_usable(tx, upload.encryption)
    parts = {part.number: part for part in tx.scan(Part, upload.upload_id)}
    chosen = [_chosen(parts, item, upload) for item in listed]
    _check_sizes(chosen, params.get("MpuObjectSize"))
    checksums = _checksums(upload, chosen, params)
    inspected = _inspected(params, chosen)
    put = _put(params, chosen, inspected)
    judged = judge_put(tx, put, params, partial(set_upload_aside, tx, bucket, upload, chosen))
    if judged is not None:
        return judged
    newest = tx.get(Object, bucket.name, key)
    check_write(newest, params)
    version = _link(tx, bucket, upload, chosen, checksums)
    changed(tx, version, bucket.name, key, inspected.md5, inspected.facts)
    used = {part.number for part in chosen}
    for part in parts.values():
        if part.number not in used:
            unlink(tx, part.stored, tx.now)
        tx.drop(Part, part.upload_id, part.number)
    tx.drop(Upload, upload.bucket, upload.key, upload.upload_id)
    return _result(tx, bucket, version)


def _inspected(params: Params, chosen: Sequence[Part]) -> Assembled:
    """Return what was read of the parts before; nothing if one was replaced meanwhile."""
    found: Assembled = params.get(ASSEMBLED, NOTHING)
    return found if found.etags == tuple(part.etag for part in chosen) else NOTHING


def _put(params: Params, chosen: Sequence[Part], inspected: Assembled) -> ObjectPut:
    return ObjectPut(
        bucket=params["Bucket"],
        key=params["Key"],
        size=sum(part.size for part in chosen),
        md5=inspected.md5,
        facts=inspected.facts,
    )


def _check_order(listed: Sequence[Mapping[str, Any]]) -> None:
    numbers = [item.get("PartNumber", 0) for item in listed]
    if any(number >= following for number, following in pairwise(numbers)):
        raise ServiceError("InvalidPartOrder")


def _completed_before(
    tx: Transaction, params: Params, listed: Sequence[Mapping[str, Any]]
) -> ObjectVersion | None:
    bucket, key, upload_id = params["Bucket"], params["Key"], params["UploadId"]
    if tx.get(Upload, bucket, key, upload_id) is not None:
        return None
    try:
        etag = multipart_etag(unquoted(item["ETag"]) for item in listed)
    except (KeyError, ValueError):
        return None
    for version in tx.scan(ObjectVersion, bucket, key, limit=_REMEMBERED):
        if version.upload_id == upload_id and version.etag == etag:
            return version
    return None


def _chosen(parts: Mapping[int, Part], item: Mapping[str, Any], upload: Upload) -> Part:
    number = item.get("PartNumber", 0)
    part = parts.get(number)
    if part is None or unquoted(item.get("ETag", "")) != part.etag:
        raise _invalid_part(upload, item)
    given = {name: item[f"Checksum{name}"] for name in SIZES if f"Checksum{name}" in item}
    if any(part.checksums.get(name, value) != value for name, value in given.items()):
        raise _invalid_part(upload, item)
    algorithm = upload.checksum_algorithm
    if upload.checksum_type == COMPOSITE and algorithm not in given:
        raise ServiceError(
            "InvalidRequest",
            f"The upload was created using a {algorithm.lower()} checksum. The complete request "
            "must include the checksum for each part. It was missing for part "
            f"{number} in the request.",
        )
    return part


def _invalid_part(upload: Upload, item: Mapping[str, Any]) -> ServiceError:
    return ServiceError(
        "InvalidPart",
        UploadId=upload.upload_id,
        PartNumber=item.get("PartNumber", 0),
        ETag=unquoted(item.get("ETag", "")),
    )


def _check_sizes(chosen: Sequence[Part], expected: int | None) -> None:
    for part in chosen[:-1]:
        if part.size < SMALLEST_PART:
            raise ServiceError(
                "EntityTooSmall",
                ProposedSize=part.size,
                MinSizeAllowed=SMALLEST_PART,
                PartNumber=part.number,
                ETag=part.etag,
            )
    total = sum(part.size for part in chosen)
    if total > LARGEST_OBJECT:
        raise ServiceError("EntityTooLarge", ProposedSize=total, MaxSizeAllowed=LARGEST_OBJECT)
    if expected is not None and expected != total:
        raise ServiceError(
            "InvalidRequest",
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was "
            f"computed: {total}",
        )


def _checksums(upload: Upload, chosen: Sequence[Part], params: Params) -> dict[str, str]:
    """Return the object's checksum by algorithm, compared with what the request says it is."""
    algorithm = upload.checksum_algorithm
    asked = params.get("ChecksumType")
    if asked is not None and algorithm and asked != upload.checksum_type:
        raise ServiceError(
            "InvalidRequest",
            f"The upload was created using the {upload.checksum_type} checksum mode. The complete "
            "request must use the same checksum mode.",
        )
    if not algorithm:
        return {}
    sums = [(part.checksums[algorithm], part.size) for part in chosen]
    if upload.checksum_type == COMPOSITE:
        value = composite(algorithm, [checksum for checksum, _ in sums])
    else:
        value = combine(algorithm, sums)
    expected = params.get(f"Checksum{algorithm}")
    if expected is not None and expected not in (value, value.partition("-")[0]):
        raise ServiceError(
            "BadDigest",
            f"The {algorithm.lower()} you specified did not match the calculated checksum.",
        )
    return {algorithm: value}


def _link(
    tx: Transaction,
    bucket: Bucket,
    upload: Upload,
    chosen: Sequence[Part],
    checksums: dict[str, str],
) -> ObjectVersion:
    newest = tx.get(Object, bucket.name, upload.key)
    order, version_id = versions.place(tx, bucket, newest)
    version = ObjectVersion(
        bucket=bucket.name,
        key=upload.key,
        order=order,
        version_id=version_id,
        size=sum(part.size for part in chosen),
        etag=multipart_etag(part.etag for part in chosen),
        last_modified=tx.now.replace(microsecond=0),
        storage_class=upload.storage_class,
        headers=upload.headers,
        metadata=upload.metadata,
        checksums=checksums,
        checksum_type=upload.checksum_type,
        parts=tuple(
            PartSummary(number=part.number, size=part.size, checksums=part.checksums)
            for part in chosen
        ),
        encryption=upload.encryption,
        stored=tuple(part.stored for part in chosen),
        upload_id=upload.upload_id,
        tags=upload.tags,
    )
    envelopes = [open_part(tx.site.vault, part) for part in chosen]
    version = seal_version(tx.site.vault, version, envelopes)
    versions.add(tx, version, newest)
    return version


def _result(tx: Transaction, bucket: Bucket, version: ObjectVersion) -> dict[str, Any]:
    encryption = reported(version.encryption)
    return {
        "Bucket": version.bucket,
        "Key": version.key,
        "Location": _location(tx, version),
        "ETag": quoted(version.etag),
        **reported_version(bucket, version),
        **{name: value for name, value in encryption.items() if not name.startswith("SSECustomer")},
        **reported_checksums(version.checksums, version.checksum_type),
    }


def _location(tx: Transaction, version: ObjectVersion) -> str:
    scheme, host = "https" if tx.caller.secure else "http", tx.context.host
    bucket = "" if host.startswith(f"{version.bucket}.") else f"/{version.bucket}"
    return f"{scheme}://{host}{bucket}/{quote(version.key)}"
