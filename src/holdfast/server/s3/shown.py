"""Reads of objects that the rules answer: a lock that was taken elsewhere, as a lock file."""

import hashlib
from typing import Any

from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot
from holdfast.server.s3.etags import quoted


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
        "ETag": quoted(hashlib.md5(body, usedforsecurity=False).hexdigest()),
        "Metadata": {},
        "Body": body,
    }
