"""GetObjectAttributes."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.checksums import COMPOSITE
from holdfast.aws.errors import ServiceError
from holdfast.engine.records import ObjectVersion
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.customer_keys import check_customer_key, customer_key_of
from holdfast.server.s3.found import object_of, reported_version
from holdfast.server.s3.new_object import reported_checksums

_KNOWN = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})
_LARGEST_PAGE = 1000


@operation("GetObjectAttributes")
def get_object_attributes(tx: Snapshot, params: Params) -> Result:
    """Return the attributes asked for.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed, InvalidArgument,
            InvalidRequest or AccessDenied.
    """
    bucket = bucket_of(tx, params)
    version = object_of(tx, bucket, params, method="GET")
    check_customer_key(version.encryption, customer_key_of(params))
    wanted = _wanted(params)
    result: dict[str, Any] = {
        "LastModified": version.last_modified,
        **reported_version(bucket, version),
    }
    if "ETag" in wanted:
        result["ETag"] = version.etag  # here, and only here, without quotes
    if "Checksum" in wanted and version.checksums:
        result["Checksum"] = reported_checksums(_bare(version.checksums), version.checksum_type)
    if "ObjectParts" in wanted and version.parts:
        result["ObjectParts"] = _parts(version, params)
    if "StorageClass" in wanted:
        result["StorageClass"] = version.storage_class
    if "ObjectSize" in wanted:
        result["ObjectSize"] = version.size
    return result


def _bare(checksums: Mapping[str, str]) -> dict[str, str]:
    """Return checksums without the number of parts that a composite one ends with elsewhere."""
    return {name: value.partition("-")[0] for name, value in checksums.items()}


def _wanted(params: Params) -> set[str]:
    # The header may come once with commas or several times.
    given: list[str] = params.get("ObjectAttributes", [])
    wanted = {name.strip() for item in given for name in item.split(",")}
    if not wanted or not wanted <= _KNOWN:
        raise ServiceError(
            "InvalidArgument",
            "Invalid attribute name specified.",
            ArgumentName="x-amz-object-attributes",
        )
    return wanted


def _parts(version: ObjectVersion, params: Params) -> dict[str, Any]:
    result: dict[str, Any] = {"TotalPartsCount": len(version.parts)}
    if version.checksum_type != COMPOSITE:
        # Where no checksums of parts matter, AWS says no more than how many parts there are.
        return result
    most = min(max(params.get("MaxParts", _LARGEST_PAGE), 0), _LARGEST_PAGE)
    marker = params.get("PartNumberMarker", 0)
    rest = [part for part in version.parts if part.number > marker]
    shown = rest[:most]
    result |= {
        "PartNumberMarker": marker,
        "MaxParts": most,
        "IsTruncated": len(rest) > len(shown),
        "Parts": [
            {
                "PartNumber": part.number,
                "Size": part.size,
                **reported_checksums(part.checksums, ""),
            }
            for part in shown
        ],
    }
    if shown:
        result["NextPartNumberMarker"] = shown[-1].number
    return result
