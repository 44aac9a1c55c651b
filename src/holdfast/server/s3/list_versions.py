"""ListObjectVersions."""

from collections.abc import Callable
from functools import partial
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.aws.xml_writers import PLACE
from holdfast.engine.excerpts import ListedVersion
from holdfast.engine.records import Bucket, Object
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.listing import (
    Page,
    common_prefixes,
    cut_of,
    described,
    encoder_of,
    page,
)
from holdfast.server.s3.version_ids import NULL, order_of


@operation("ListObjectVersions")
def list_object_versions(tx: Snapshot, params: Params) -> Result:
    """List all versions and delete markers, newest first within a key.

    Raises:
        ServiceError: NoSuchBucket or InvalidArgument.
    """
    bucket, cut, encode = bucket_of(tx, params), cut_of(params), encoder_of(params)
    after = _after(tx, bucket, params)
    found = page(partial(tx.scan, ListedVersion, bucket.name), cut, after)
    result = {
        "Name": bucket.name,
        "KeyMarker": encode(params.get("KeyMarker", "")),
        "VersionIdMarker": params.get("VersionIdMarker", ""),
        "MaxKeys": cut.limit,
        "IsTruncated": found.truncated,
        **described(params, cut, encode),
        **_entries(found, after, owner(tx), encode),
        **common_prefixes(found, encode),
    }
    if found.truncated:
        result["NextKeyMarker"] = encode(found.last_key)
        if not isinstance(found.last, str):
            result["NextVersionIdMarker"] = found.last.version_id
    return result


def _after(tx: Snapshot, bucket: Bucket, params: Params) -> tuple[Any, ...]:
    key, version_id = params.get("KeyMarker", ""), params.get("VersionIdMarker", "")
    if not version_id:
        return (key,) if key else ()
    if not key:
        raise ServiceError(
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
            ArgumentName="version-id-marker",
            ArgumentValue=version_id,
        )
    if version_id != NULL:
        return (key, order_of(version_id))
    newest = tx.get(Object, bucket.name, key)
    if newest is not None and newest.null_order is not None:
        return (key, newest.null_order)
    # The null version went meanwhile, and nobody knows where it was: list the key again, so that
    # whoever deletes what is listed misses nothing. No order is lower than this one.
    return (key, -(2**63))


def _entries(
    found: Page[ListedVersion],
    after: tuple[Any, ...],
    who: dict[str, str],
    encode: Callable[[str], str],
) -> dict[str, Any]:
    versions, markers = [], []
    # A page that begins in the middle of a key begins with one that is not its latest.
    last_key = after[0] if len(after) == 2 and after[1] != -(2**63) else None
    for place, one in enumerate(found.entries):
        key = one.key
        entry: dict[str, Any] = {
            PLACE: place,
            "Key": encode(key),
            "VersionId": one.version_id,
            "IsLatest": key != last_key,
            "LastModified": one.last_modified,
            "Owner": who,
        }
        last_key = key
        if one.delete_marker:
            markers.append(entry)
            continue
        entry["ETag"] = quoted(one.etag)
        entry["Size"] = one.size
        entry["StorageClass"] = one.storage_class
        if one.checksums:
            entry["ChecksumAlgorithm"] = tuple(one.checksums)
            entry["ChecksumType"] = one.checksum_type
        versions.append(entry)
    return {"Versions": versions, "DeleteMarkers": markers}
