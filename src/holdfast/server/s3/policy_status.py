"""Whether a bucket policy is public.

A policy is public unless each statement that allows something is bound to fixed callers, networks or
organizations. Source: "The meaning of public" in the S3 user guide.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

# A condition on one of these, with fixed values, makes a statement non-public.
_LIMITING_KEYS = frozenset(
    {
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)
_LIMITING_OPERATORS = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
)
# Networks wider than these are as good as everybody.
_WIDEST = {4: 8, 6: 32}


def is_public(document: Mapping[str, Any]) -> bool:
    """Say whether a policy document lets in callers that it does not fix."""
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    return any(_statement_is_public(statement) for statement in statements)


def _statement_is_public(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotPrincipal" not in statement and not _is_everybody(statement.get("Principal")):
        return False
    return not _is_limited(statement.get("Condition", {}))


def _is_everybody(principal: object) -> bool:
    if not isinstance(principal, dict):
        return True
    return any("*" in text for value in principal.values() for text in texts(value))


def _is_limited(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    for operator, tests in conditions.items():
        name = operator.lower().removeprefix("foranyvalue:")
        for key, value in tests.items():
            values = texts(value)
            if values and all(_limits(name, key.lower(), one) for one in values):
                return True
    return False


def _limits(operator: str, key: str, value: str) -> bool:
    if key == "aws:sourceip":
        return operator == "ipaddress" and _is_narrow(value)
    return operator in _LIMITING_OPERATORS and key in _LIMITING_KEYS and _is_fixed(key, value)


def _is_fixed(key: str, value: str) -> bool:
    if key == "aws:userid":  # AROAID:* fixes the role and leaves the session open
        value = value.removesuffix(":*")
    if key in ("aws:sourcearn", "s3:dataaccesspointarn"):
        # An ARN fixes the account; what follows it may be open.
        head = value.split(":", 5)[:5]
        return len(head) == 5 and bool(head[4]) and not _is_open(head[4])
    return not _is_open(value)


def _is_open(value: str) -> bool:
    return any(sign in value for sign in ("*", "?", "${"))


def _is_narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def texts(value: object) -> list[str]:
    """Return a policy value, a text or a list of texts, as a list; empty if it is neither."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    return []
