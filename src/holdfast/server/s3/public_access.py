"""The public access block of a bucket, and what it blocks."""

from collections.abc import Mapping
from typing import Any

from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot

MEMBER = "PublicAccessBlockConfiguration"
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

# What a new bucket has since April 2023.
ALL_BLOCKED: Mapping[str, bool] = dict.fromkeys(_SWITCHES, True)


def all_switches(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return the four switches; one that was not sent is off."""
    return {switch: bool(given.get(switch, False)) for switch in _SWITCHES}


def blocks(bucket: Bucket, switch: str) -> bool:
    """Say whether one switch, such as `BlockPublicPolicy`, is on."""
    return bool(bucket.settings.get(MEMBER, {}).get(switch, False))
