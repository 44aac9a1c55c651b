"""The bucket policy: whom it lets in, and whether it demands TLS."""

import json
from collections.abc import Iterator
from typing import Any

from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

_APPLY = "holdfast bootstrap apply"

PUBLIC_POLICY = Check(
    "HF004",
    Severity.ERROR,
    "The bucket policy lets everybody in",
    "Anybody can read the states, and the secrets in them.",
    "Name the principals that may, or remove the statement.",
)
PLAIN_HTTP = Check(
    "HF005",
    Severity.WARNING,
    "The bucket policy allows requests without TLS",
    "A state that is sent over plain HTTP can be read and changed on the way.",
    "Deny every action where aws:SecureTransport is false.",
)
CHECKS = (PUBLIC_POLICY, PLAIN_HTTP)


def examine(survey: Survey) -> Iterator[Result]:
    """Read the bucket policy."""
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetBucketPolicy",
        lambda: s3.get_bucket_policy(Bucket=bucket)["Policy"],
        {"NoSuchBucketPolicy"},
    )
    if not said.known:
        yield NotChecked(CHECKS, bucket, said.unknown)
        return
    statements = _statements(said.value)
    for statement in statements:
        if _lets_everybody_in(statement):
            name = statement.get("Sid") or "a statement without Sid"
            evidence = f"{name} allows {_joined(statement.get('Action'))} to every principal"
            fix = (
                f"Remove it: aws s3api get-bucket-policy --bucket {bucket}, then put-bucket-policy"
            )
            yield Finding(PUBLIC_POLICY, bucket, evidence, fix)
    if not any(_demands_tls(statement) for statement in statements):
        evidence = "There is no bucket policy" if said.value is None else "No statement demands TLS"
        yield Finding(PLAIN_HTTP, bucket, evidence, f"{_APPLY}, or add the statement by hand")


def _statements(policy: str | None) -> list[dict[str, Any]]:
    try:
        found = json.loads(policy or "{}").get("Statement", [])
    except (ValueError, AttributeError):
        return []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _lets_everybody_in(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    everybody = principal == "*" or (isinstance(principal, dict) and "*" in principal.values())
    return statement.get("Effect") == "Allow" and everybody and not statement.get("Condition")


def _demands_tls(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition")
    if statement.get("Effect") != "Deny" or not isinstance(condition, dict):
        return False
    wanted = {"aws:securetransport": "false"}
    return any(
        {str(key).lower(): _joined(value).lower() for key, value in test.items()} == wanted
        for operator, test in condition.items()
        if operator in {"Bool", "BoolIfExists"} and isinstance(test, dict)
    )


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
