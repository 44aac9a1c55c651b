"""ListObjects and ListObjectsV2."""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.excerpts import ListedObject
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.listing import (
    Cut,
    Page,
    common_prefixes,
    cut_of,
    described,
    encoder_of,
    page,
)


@operation("ListObjects")
def list_objects(tx: Snapshot, params: Params) -> Result:
    """List objects, continued by key.

    Raises:
        ServiceError: NoSuchBucket or InvalidArgument.
    """
    bucket, cut, encode = bucket_of(tx, params), cut_of(params), encoder_of(params)
    marker = params.get("Marker", "")
    found = _page(tx, bucket, cut, marker)
    result = {
        "Name": bucket.name,
        "Marker": encode(marker),
        "MaxKeys": cut.limit,
        "IsTruncated": found.truncated,
        **described(params, cut, encode),
        "Contents": _contents(found, encode, owner(tx)),
        **common_prefixes(found, encode),
    }
    # Without a delimiter the last key is the next marker, and AWS leaves it to the client.
    if found.truncated and cut.delimiter:
        result["NextMarker"] = encode(found.last_key)
    return result


@operation("ListObjectsV2")
def list_objects_v2(tx: Snapshot, params: Params) -> Result:
    """List objects, continued by an opaque token.

    Raises:
        ServiceError: NoSuchBucket or InvalidArgument.
    """
    bucket, cut, encode = bucket_of(tx, params), cut_of(params), encoder_of(params)
    token = params.get("ContinuationToken")
    start_after = params.get("StartAfter", "")
    found = _page(tx, bucket, cut, start_after if token is None else _opened(token))
    result = {
        "Name": bucket.name,
        "MaxKeys": cut.limit,
        "KeyCount": len(found),
        "IsTruncated": found.truncated,
        **described(params, cut, encode),
        "Contents": _contents(found, encode, owner(tx) if params.get("FetchOwner") else None),
        **common_prefixes(found, encode),
    }
    if token is not None:
        result["ContinuationToken"] = token
    if start_after:
        result["StartAfter"] = encode(start_after)
    if found.truncated:
        result["NextContinuationToken"] = _token(found.last_key)
    return result


def _page(tx: Snapshot, bucket: Bucket, cut: Cut, after: str) -> Page[ListedObject]:
    scan = partial(tx.scan, ListedObject, bucket.name)
    return page(scan, cut, (after,) if after else (), lambda one: not one.delete_marker)


def _contents(
    found: Page[ListedObject], encode: Callable[[str], str], who: dict[str, str] | None
) -> list[dict[str, Any]]:
    """Return the `Contents` member; with the owner in each entry if one is given."""
    contents = []
    for one in found.entries:
        entry: dict[str, Any] = {
            "Key": encode(one.key),
            "LastModified": one.last_modified,
            "ETag": quoted(one.etag),
            "Size": one.size,
            "StorageClass": one.storage_class,
        }
        if one.checksum_algorithm:
            entry["ChecksumAlgorithm"] = (one.checksum_algorithm,)
            entry["ChecksumType"] = one.checksum_type
        if who is not None:
            entry["Owner"] = who
        contents.append(entry)
    return contents


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(b"1" + last.encode()).decode()


def _opened(token: str) -> str:
    try:
        raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        text = raw[1:].decode()
    except (binascii.Error, ValueError):
        raw, text = b"", ""
    if raw[:1] != b"1":
        raise ServiceError(
            "InvalidArgument",
            "The continuation token provided is incorrect",
            ArgumentName="continuation-token",
            ArgumentValue=token,
        )
    return text
