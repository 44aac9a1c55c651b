"""What the lifecycle rules of a bucket say about one version, marker or upload. Pure.

Source: "Lifecycle configuration elements" and "Understanding object expiration" in the S3 user guide.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec

_DAY = timedelta(days=1)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """An enabled rule. Days are positive; a 0 or None means that the rule has no such action."""

    id: str
    prefix: str = ""
    tags: Mapping[str, str] = {}
    larger_than: int | None = None  # bytes, exclusive
    smaller_than: int | None = None  # bytes, exclusive
    expire_days: int = 0
    expire_date: datetime | None = None
    expire_lone_markers: bool = False
    noncurrent_days: int = 0
    newer_kept: int = 0  # noncurrent versions that stay, however old
    abort_days: int = 0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision needs to know of a version."""

    key: str
    size: int
    tags: Mapping[str, str]
    last_modified: datetime
    delete_marker: bool = False
    lone: bool = False  # there is no other version of the key
    noncurrent_since: datetime | None = None  # None while it is the current version
    newer_noncurrent: int = 0  # noncurrent versions of the key that are newer


class Verdict(Enum):
    """What to do with a version."""

    KEEP = "keep"
    EXPIRE = "expire"  # as DeleteObject without a version id
    REMOVE = "remove"  # this version, for good


def rules_of(configuration: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return the enabled rules of a kept `LifecycleConfiguration`."""
    return tuple(
        _rule(given) for given in configuration.get("Rules", ()) if given["Status"] == "Enabled"
    )


def _rule(given: Mapping[str, Any]) -> Rule:
    chosen = given.get("Filter", {})
    chosen = chosen.get("And", chosen)
    tags = [*chosen.get("Tags", ()), *([chosen["Tag"]] if "Tag" in chosen else ())]
    expiration = given.get("Expiration", {})
    noncurrent = given.get("NoncurrentVersionExpiration", {})
    return Rule(
        id=given["ID"],
        prefix=given.get("Prefix", chosen.get("Prefix", "")),
        tags={tag["Key"]: tag["Value"] for tag in tags},
        larger_than=chosen.get("ObjectSizeGreaterThan"),
        smaller_than=chosen.get("ObjectSizeLessThan"),
        expire_days=expiration.get("Days", 0),
        expire_date=expiration.get("Date"),
        expire_lone_markers=expiration.get("ExpiredObjectDeleteMarker", False),
        noncurrent_days=noncurrent.get("NoncurrentDays", 0),
        newer_kept=noncurrent.get("NewerNoncurrentVersions", 0),
        abort_days=given.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0),
    )


def due(since: datetime, days: int) -> datetime:
    """Return when `days` have passed by S3's count: rounded up to the next midnight UTC."""
    moment = since.astimezone(UTC) + days * _DAY
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == moment else midnight + _DAY


def verdict(rules: Iterable[Rule], facts: Facts, now: datetime) -> Verdict:
    """Decide about one version.

    Args:
        rules: the enabled rules of its bucket.
        facts: the version.
        now: the time, aware.
    """
    applying = [rule for rule in rules if _applies(rule, facts)]
    if facts.noncurrent_since is not None:
        gone = any(_noncurrent_ended(rule, facts, now) for rule in applying)
        return Verdict.REMOVE if gone else Verdict.KEEP
    if facts.delete_marker:
        gone = facts.lone and any(_marker_ended(rule, facts, now) for rule in applying)
        return Verdict.REMOVE if gone else Verdict.KEEP
    gone = any(_current_ended(rule, facts.last_modified, now) for rule in applying)
    return Verdict.EXPIRE if gone else Verdict.KEEP


def upload_ended(rules: Iterable[Rule], key: str, initiated: datetime, now: datetime) -> bool:
    """Say whether a multipart upload under way is to be aborted."""
    return any(
        rule.abort_days > 0
        and key.startswith(rule.prefix)
        and due(initiated, rule.abort_days) <= now
        for rule in rules
    )


def _applies(rule: Rule, facts: Facts) -> bool:
    if not facts.key.startswith(rule.prefix):
        return False
    sized = rule.larger_than is not None or rule.smaller_than is not None
    if facts.delete_marker:  # it has neither tags nor a size
        return not rule.tags and not sized
    if rule.larger_than is not None and facts.size <= rule.larger_than:
        return False
    if rule.smaller_than is not None and facts.size >= rule.smaller_than:
        return False
    return all(facts.tags.get(key) == value for key, value in rule.tags.items())


def _current_ended(rule: Rule, last_modified: datetime, now: datetime) -> bool:
    if rule.expire_date is not None and rule.expire_date <= now:
        return True
    return rule.expire_days > 0 and due(last_modified, rule.expire_days) <= now


def _marker_ended(rule: Rule, facts: Facts, now: datetime) -> bool:
    # An expiration by age or date cleans up lone delete markers of that age too.
    return rule.expire_lone_markers or _current_ended(rule, facts.last_modified, now)


def _noncurrent_ended(rule: Rule, facts: Facts, now: datetime) -> bool:
    if rule.noncurrent_days <= 0 or facts.noncurrent_since is None:
        return False
    if facts.newer_noncurrent < rule.newer_kept:
        return False
    return due(facts.noncurrent_since, rule.noncurrent_days) <= now
