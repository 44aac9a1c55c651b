"""Entity tags as S3 computes them (API reference: Object)."""

import hashlib
from collections.abc import Iterable

from holdfast.engine.records import Encryption


def body_etag(encryption: Encryption, body_id: bytes, md5: bytes) -> str:
    """Return the tag of an object or part from its content's MD5 (16 bytes).

    It is that MD5 with SSE-S3 only. Under a KMS or a customer's key S3 promises no MD5, which would
    say something about encrypted content; there it is different for every body.
    """
    if encryption.algorithm == "AES256":
        return md5.hex()
    return hashlib.md5(body_id + md5, usedforsecurity=False).hexdigest()


def multipart_etag(parts: Iterable[str]) -> str:
    """Return the tag of a multipart object from the tags of its parts, in order."""
    running = hashlib.md5(usedforsecurity=False)
    count = 0
    for part in parts:
        running.update(bytes.fromhex(part))
        count += 1
    return f"{running.hexdigest()}-{count}"


def quoted(etag: str) -> str:
    """Return a tag as headers and documents have it."""
    return f'"{etag}"'


def unquoted(etag: str) -> str:
    """Return a tag as records have it."""
    return etag.strip().strip('"')
