"""Lifecycle rules: those that are missing, and those that delete too much."""

import json
from collections.abc import Iterator
from math import inf

from holdfast.operations.bootstrap.desired import Desired, LockMode
from holdfast.operations.bootstrap.lifecycle import Rule, merged, wanted_rules
from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

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
    rules: list[Rule] = [rule for rule in said.value or [] if rule["Status"] == "Enabled"]
    for check, field in (
        (OLD_VERSIONS, "NoncurrentVersionExpiration"),
        (UPLOADS, "AbortIncompleteMultipartUpload"),
    ):
        if not any(rule.get(field) for rule in rules):
            yield Finding(check, bucket, f"No rule has {field}", _fix(survey, said.value))
    if survey.connection.settings.use_lockfile and not any(
        rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker") for rule in rules
    ):
        evidence = "Lock files are used, and no rule has ExpiredObjectDeleteMarker"
        yield Finding(DELETE_MARKERS, bucket, evidence, _fix(survey, said.value))
    yield from _expiring(survey, rules, said.value)


def _fix(survey: Survey, present: list[Rule] | None) -> str:
    """Return the command that sets all rules as they should be: one for all findings.

    Other people's rules stay, without what deletes current states; ours are bootstrap's.
    """
    places = survey.connection.settings.lock_places
    mode: LockMode = "both" if len(places) > 1 else "lockfile" if "file" in places else "table"
    wanted = wanted_rules(Desired(survey.bucket, lock=mode))
    kept = [_harmless(survey, rule) for rule in present or []]
    document = json.dumps({"Rules": merged((rule for rule in kept if rule), wanted)}, default=str)
    return survey.commands.on_bucket(
        "put-bucket-lifecycle-configuration", "--lifecycle-configuration", document
    )


def _harmless(survey: Survey, rule: Rule) -> Rule | None:
    """Return a rule without the deletion of current states; None if it has nothing else to do."""
    if rule["Status"] != "Enabled" or not _deletes(survey, rule):
        return rule
    rest = {name: value for name, value in rule.items() if name != "Expiration"}
    return rest if set(rest) - {"ID", "Status", "Filter", "Prefix"} else None


def _deletes(survey: Survey, rule: Rule) -> bool:
    """Whether a rule deletes states that are the newest version. States have no tags."""
    expiration, where = rule.get("Expiration", {}), rule.get("Filter", {})
    where = where.get("And") or where
    if not (expiration.get("Days") or expiration.get("Date")) or {"Tag", "Tags"} & set(where):
        return False
    least, most = where.get("ObjectSizeGreaterThan", -1), where.get("ObjectSizeLessThan", inf)
    return any(
        look.address.object_key.startswith(_prefix_of(rule)) and least < look.newest.size < most
        for look in survey.states
        if not look.deleted
    )


def _expiring(survey: Survey, rules: list[Rule], present: list[Rule] | None) -> Iterator[Finding]:
    for rule in rules:
        if not _deletes(survey, rule):
            continue
        expiration, start = rule["Expiration"], _prefix_of(rule)
        when = expiration.get("Days") or expiration.get("Date")
        unit = " days" if "Days" in expiration else ""
        evidence = (
            f"Rule {rule.get('ID') or '(unnamed)'} deletes what begins with "
            f"'{start}' after {when}{unit}, and states do"
        )
        yield Finding(EXPIRY, survey.bucket, evidence, _fix(survey, present))


def _prefix_of(rule: Rule) -> str:
    where = rule.get("Filter", {})
    found = where.get("Prefix") or where.get("And", {}).get("Prefix") or rule.get("Prefix") or ""
    return str(found)
