"""The lifecycle rules of a bucket of states: ours, and how S3's answers compare with them.

Source: "Lifecycle configuration elements" of the S3 user guide. Rules cannot name a suffix such as
`.tflock`, and tags are only on lock files that OpenTofu writes (`lock_tags`); so versions of lock files
are told by their size. A lock document has 200 to 400 bytes, a state with a resource more than 512.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.operations.bootstrap.desired import Desired

PREFIX = "holdfast-"
SMALL = 512  # bytes
Rule = Mapping[str, Any]


def wanted_rules(desired: Desired) -> dict[str, Rule]:
    """Return our rules by their ids."""
    rules = [*_old_versions(desired), *_lock_files(desired)]
    return {rule["ID"]: rule for rule in rules}


def _old_versions(desired: Desired) -> Iterable[Rule]:
    versions = desired.versions
    rule: dict[str, Any] = {"ID": f"{PREFIX}old-versions", "Status": "Enabled"}
    rule["Filter"] = {"Prefix": ""}
    if versions.days:
        rule["NoncurrentVersionExpiration"] = _noncurrent(versions.days, versions.keep)
        # What is left of a deleted state once all its versions are gone.
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if versions.upload_days:
        days = {"DaysAfterInitiation": versions.upload_days}
        rule["AbortIncompleteMultipartUpload"] = days
    return [rule] if len(rule) > 3 else []


def _lock_files(desired: Desired) -> Iterable[Rule]:
    days = desired.versions.lock_file_days
    if not days or desired.lock == "table":
        return []
    return [
        {
            "ID": f"{PREFIX}lock-files",
            "Status": "Enabled",
            "Filter": {"ObjectSizeLessThan": SMALL},
            "NoncurrentVersionExpiration": _noncurrent(days, 0),
        }
    ]


def _noncurrent(days: int, keep: int) -> dict[str, int]:
    newer = {"NewerNoncurrentVersions": keep} if keep else {}
    return {"NoncurrentDays": days, **newer}


def canonical(rule: Rule) -> Rule:
    """Return a rule as `wanted_rules` writes it: an empty filter is an empty prefix."""
    found = {name: value for name, value in rule.items() if value is not None}
    if not found.get("Filter", True):
        found["Filter"] = {"Prefix": ""}
    return found


def ours(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return the rules among S3's that are ours, by their ids."""
    return {r["ID"]: canonical(r) for r in rules if r.get("ID", "").startswith(PREFIX)}


def merged(present: Iterable[Rule], wanted: Mapping[str, Rule]) -> list[Rule]:
    """Return other people's rules as they are, and ours as they should be."""
    others = [rule for rule in present if not rule.get("ID", "").startswith(PREFIX)]
    return [*others, *wanted.values()]
