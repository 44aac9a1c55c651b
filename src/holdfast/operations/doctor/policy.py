"""The bucket policy: whom it lets in, and whether it demands TLS."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

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
            yield Finding(PUBLIC_POLICY, bucket, evidence, _fix(survey, statements))
    yield from _plain_http(survey, statements)


def _plain_http(survey: Survey, statements: list[dict[str, Any]]) -> Iterator[Finding]:
    """Ask for TLS where there can be any: a policy that demands it shuts a plain endpoint off."""
    endpoint = urlsplit(_endpoint(survey))
    if endpoint.scheme == "http":
        if endpoint.hostname not in _LOOPBACK:
            evidence = f"The endpoint itself is {_endpoint(survey)}"
            fix = "Serve it with TLS, such as: holdfast serve --tls-certificate FILE --tls-key FILE"
            yield Finding(PLAIN_HTTP, survey.bucket, evidence, fix, milder=Severity.NOTE)
    elif not any(_demands_tls(statement) for statement in statements):
        evidence = "No statement demands TLS" if statements else "There is no bucket policy"
        yield Finding(PLAIN_HTTP, survey.bucket, evidence, _fix(survey, statements))


def _endpoint(survey: Survey) -> str:
    return str(survey.connection.s3.meta.endpoint_url)


def _fix(survey: Survey, statements: list[dict[str, Any]]) -> str:
    """Return the command that sets the whole policy as it should be: one for all findings."""
    wanted = [one for one in statements if not _lets_everybody_in(one)]
    if _endpoint(survey).startswith("https:") and not any(map(_demands_tls, wanted)):
        wanted.append(_tls_only(survey))
    if not wanted:
        return survey.commands.on_bucket("delete-bucket-policy")
    document = json.dumps({"Version": "2012-10-17", "Statement": wanted})
    return survey.commands.on_bucket("put-bucket-policy", "--policy", document)


def _tls_only(survey: Survey) -> dict[str, Any]:
    s3 = survey.connection.s3
    arn = f"arn:{s3.meta.partition}:s3:::{survey.bucket}"
    return {
        "Sid": "HoldfastTlsOnly",  # as bootstrap names it
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


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
