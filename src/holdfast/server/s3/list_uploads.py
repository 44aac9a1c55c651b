"""ListMultipartUploads and ListParts."""

from functools import partial
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Part, Upload
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.listing import (
    common_prefixes,
    cut_of,
    described,
    encoder_of,
    page,
)
from holdfast.server.s3.new_object import reported_checksums
from holdfast.server.s3.uploads import upload_of

_LARGEST_PAGE = 1000


@operation("ListMultipartUploads")
def list_multipart_uploads(tx: Snapshot, params: Params) -> Result:
    """List the uploads under way, by key and then by age.

    Raises:
        ServiceError: NoSuchBucket or InvalidArgument.
    """
    bucket, encode = bucket_of(tx, params), encoder_of(params)
    cut = cut_of(params, "MaxUploads")
    key_marker, id_marker = params.get("KeyMarker", ""), params.get("UploadIdMarker", "")
    after = (key_marker, id_marker) if key_marker and id_marker else (key_marker,)
    found = page(partial(tx.scan, Upload, bucket.name), cut, after if key_marker else ())
    who = owner(tx)
    result = {
        "Bucket": bucket.name,
        "KeyMarker": encode(key_marker),
        "UploadIdMarker": id_marker,
        "MaxUploads": cut.limit,
        "IsTruncated": found.truncated,
        **described(params, cut, encode),
        "Uploads": [
            {**_upload(one, who), "Key": encode(one.key), "UploadId": one.upload_id}
            for one in found.entries
        ],
        **common_prefixes(found, encode),
    }
    if found.truncated:
        result["NextKeyMarker"] = encode(found.last_key)
        if not isinstance(found.last, str):
            result["NextUploadIdMarker"] = found.last.upload_id
    return result


def _upload(upload: Upload, who: dict[str, str]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "Initiated": upload.initiated,
        "StorageClass": upload.storage_class,
        "Owner": who,
        "Initiator": _initiator(upload),
    }
    if upload.checksum_algorithm:
        about["ChecksumAlgorithm"] = upload.checksum_algorithm
        about["ChecksumType"] = upload.checksum_type
    return about


def _initiator(upload: Upload) -> dict[str, str]:
    return {"ID": upload.initiator, "DisplayName": upload.initiator.rpartition("/")[2]}


@operation("ListParts")
def list_parts(tx: Snapshot, params: Params) -> Result:
    """List the parts of an upload by number.

    Raises:
        ServiceError: NoSuchBucket, NoSuchUpload or InvalidArgument.
    """
    bucket = bucket_of(tx, params)
    upload = upload_of(tx, params)
    most, marker = params.get("MaxParts", _LARGEST_PAGE), params.get("PartNumberMarker", 0)
    if most < 0 or marker < 0:
        name = "max-parts" if most < 0 else "part-number-marker"
        raise ServiceError(
            "InvalidArgument",
            f"Argument {name} must be an integer between 0 and 2147483647",
            ArgumentName=name,
            ArgumentValue=str(min(most, marker)),
        )
    most = min(most, _LARGEST_PAGE)
    rows = list(tx.scan(Part, upload.upload_id, after=(marker,), limit=most + 1))
    shown = rows[:most]
    result = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": marker,
        "MaxParts": most,
        "IsTruncated": 0 < len(shown) < len(rows),
        "Parts": [_part(part) for part in shown],
        **_upload(upload, owner(tx)),
    }
    if shown:
        result["NextPartNumberMarker"] = shown[-1].number
    result.pop("Initiated")
    return result


def _part(part: Part) -> dict[str, Any]:
    return {
        "PartNumber": part.number,
        "LastModified": part.last_modified,
        "ETag": quoted(part.etag),
        "Size": part.size,
        **reported_checksums(part.checksums, ""),
    }
