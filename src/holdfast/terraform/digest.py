"""The digest item: the MD5 of a state, kept in the lock table, which Terraform compares on reading.

Source: `internal/backend/remote-state/s3/client.go` (Get, putMD5). An object without bytes counts as
none, and no digest fits either, not even that of no bytes: Terraform then compares with nothing.
"""

import hashlib
import re
from enum import Enum

_HEX = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)


class Verdict(Enum):
    """What a digest says of a state."""

    MATCHES = "matches"
    MISSING = "missing"  # no item: Terraform reads on without a check
    UNREADABLE = "unreadable"  # not an MD5: Terraform reads on without a check
    DIFFERS = "differs"  # Terraform refuses to read
    ORPHAN = "orphan"  # there is a digest, and no state: Terraform refuses to read


def digest_of(body: bytes) -> str:
    """Return the MD5 of a state in hexadecimal, as it stands in the item."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def judge(body: bytes | None, stored: str | None) -> Verdict:
    """Return what a stored digest says of a state.

    Args:
        body: the object's bytes, or None if there is no object.
        stored: the item's `Digest`, or None if there is no item.
    """
    if not stored:
        return Verdict.MISSING
    if not _HEX.fullmatch(stored):
        return Verdict.UNREADABLE
    if body and digest_of(body) == stored.lower():
        return Verdict.MATCHES
    return Verdict.ORPHAN if body is None else Verdict.DIFFERS
