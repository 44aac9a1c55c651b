"""Lifecycle rules: those that are missing, and those that delete too much."""

from collections.abc import Iterator
from typing import Any

from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

_APPLY = "holdfast bootstrap apply"

OLD_VERSIONS = Check(
    "HF006",
    Severity.NOTE,
    "Old versions are kept for ever",
    "They hold old secrets, cost money, and make histories slow to list.",
    "Add a lifecycle rule with NoncurrentVersionExpiration.",
)
DELETE_MARKERS = Check(
    "HF007",
    Severity.NOTE,
    "Traces of lock files pile up",
    "With versioning every lock leaves a version and a delete marker, which no rule removes.",
    "Add a lifecycle rule with ExpiredObjectDeleteMarker and NoncurrentVersionExpiration.",
)
UPLOADS = Check(
    "HF008",
    Severity.NOTE,
    "Unfinished uploads are kept for ever",
    "States above 5 MiB are uploaded in parts; those of a killed apply stay, unseen and paid for.",
    "Add a lifecycle rule with AbortIncompleteMultipartUpload.",
)
EXPIRY = Check(
    "HF009",
    Severity.ERROR,
    "A lifecycle rule deletes current states",
    "A state that nobody applies for long enough disappears.",
    "Remove Expiration (days or date) from the rule, or limit it to other keys.",
)
CHECKS = (OLD_VERSIONS, DELETE_MARKERS, UPLOADS, EXPIRY)


def examine(survey: Survey) -> Iterator[Result]:
    """Read the lifecycle rules of the bucket."""
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetLifecycleConfiguration",
        lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
        {"NoSuchLifecycleConfiguration"},
    )
    if not said.known:
        yield NotChecked(CHECKS, bucket, said.unknown)
        return
    rules: list[dict[str, Any]] = [rule for rule in said.value or [] if rule["Status"] == "Enabled"]
    for check, field in (
        (OLD_VERSIONS, "NoncurrentVersionExpiration"),
        (UPLOADS, "AbortIncompleteMultipartUpload"),
    ):
        if not any(rule.get(field) for rule in rules):
            yield Finding(
                check, bucket, f"No rule has {field}", f"{_APPLY}, or add the rule by hand"
            )
    if survey.connection.settings.use_lockfile and not any(
        rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker") for rule in rules
    ):
        evidence = "Lock files are used, and no rule has ExpiredObjectDeleteMarker"
        yield Finding(DELETE_MARKERS, bucket, evidence, f"{_APPLY}, or add the rule by hand")
    yield from _expiring(survey, rules)


def _expiring(survey: Survey, rules: list[dict[str, Any]]) -> Iterator[Finding]:
    for rule in rules:
        expiration = rule.get("Expiration", {})
        when = expiration.get("Days") or expiration.get("Date")
        start = _prefix_of(rule)
        if not when or not any(look.address.object_key.startswith(start) for look in survey.states):
            continue
        unit = " days" if "Days" in expiration else ""
        evidence = (
            f"Rule {rule.get('ID') or '(unnamed)'} deletes what begins with "
            f"'{start}' after {when}{unit}, and states do"
        )
        fix = (
            f"aws s3api get-bucket-lifecycle-configuration --bucket {survey.bucket}, then change it"
        )
        yield Finding(EXPIRY, survey.bucket, evidence, fix)


def _prefix_of(rule: dict[str, Any]) -> str:
    where = rule.get("Filter", {})
    found = where.get("Prefix") or where.get("And", {}).get("Prefix") or rule.get("Prefix") or ""
    return str(found)
