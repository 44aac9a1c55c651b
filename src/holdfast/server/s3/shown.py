"""Reads of objects that the rules answer: a lock that was taken elsewhere, as a lock file."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot
from holdfast.server.s3.etags import quoted


class ShownObject(msgspec.Struct, frozen=True):
    """What conditions compare of an object that is shown, and not there."""

    etag: str
    last_modified: datetime
    size: int  # bytes


def compared(tx: Snapshot, bucket: Bucket, key: str) -> ShownObject | None:
    """Return what a condition on an object that is not there is about: what a read of it shows."""
    body = tx.rules.shown_object(tx, bucket.name, key)
    if body is None:
        return None
    return ShownObject(_etag(body), tx.now.replace(microsecond=0), len(body))


def shown(tx: Snapshot, bucket: Bucket, key: str) -> dict[str, Any] | None:
    """Return the result of a read that the rules answer; None if there is none."""
    body = tx.rules.shown_object(tx, bucket.name, key)
    if body is None:
        return None
    return {
        "AcceptRanges": "bytes",
        "LastModified": tx.now.replace(microsecond=0),
        "ContentLength": len(body),
        "ContentType": "application/json",
        "ETag": quoted(_etag(body)),
        "Metadata": {},
        "Body": body,
    }


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
