"""A second evaluator of IAM policies, slow and plain, to compare the real one with.

It works on the JSON itself, with regular expressions, and knows a part of the language only.
"""

import ipaddress
import re
from typing import Any

Json = dict[str, Any]
Values = dict[str, tuple[str, ...]]
ACCOUNT = "123456789012"


def decide(
    identity: list[Json], bucket: Json | None, session: Json | None, asked: Json
) -> tuple[bool, bool]:
    """Return whether a request is allowed, and whether it is denied explicitly.

    Args:
        identity: policies of the user.
        bucket: policy of the bucket.
        session: policy of the session.
        asked: with action, resource, names (of the user) and values (of the request).
    """
    everything = [(p, False) for p in identity]
    everything += [(bucket, True)] if bucket else []
    everything += [(session, False)] if session else []
    for policy, of_bucket in everything:
        for statement in policy["Statement"]:
            if statement["Effect"] == "Deny" and speaks(statement, asked, of_bucket, "deny"):
                return False, True
    if session is not None and not allows(session, asked, of_bucket=False):
        return False, False
    by_bucket = bucket is not None and allows(bucket, asked, of_bucket=True)
    return by_bucket or any(allows(policy, asked, of_bucket=False) for policy in identity), False


def allows(policy: Json, asked: Json, *, of_bucket: bool) -> bool:
    """Tell whether a statement of a policy allows it."""
    return any(
        statement["Effect"] == "Allow" and speaks(statement, asked, of_bucket, "allow")
        for statement in policy["Statement"]
    )


def speaks(statement: Json, asked: Json, of_bucket: bool, effect: str) -> bool:
    """Tell whether a statement is about a request."""
    action = any(like(a.lower(), asked["action"].lower()) for a in listed(statement, "Action"))
    if "NotAction" in statement:
        action = not action
    resource = any(
        text is not None and arn_like(text, asked["resource"])
        for text in (fill(r, asked["values"]) for r in listed(statement, "Resource"))
    )
    if "NotResource" in statement:
        resource = not resource
    return (
        action
        and resource
        and (not of_bucket or names(statement, asked, effect))
        and all(
            condition(operator, key.lower(), value, asked["values"])
            for operator, tests in statement.get("Condition", {}).items()
            for key, value in tests.items()
        )
    )


def listed(statement: Json, name: str) -> list[str]:
    """Return the texts of an element or of its negation."""
    value: Any = statement.get(name, statement.get(f"Not{name}"))
    return value if isinstance(value, list) else [value]


def names(statement: Json, asked: Json, effect: str) -> bool:
    """Tell whether a bucket policy's statement is about who asks."""
    negated = "NotPrincipal" in statement
    principal: Any = statement.get("Principal", statement.get("NotPrincipal"))
    texts = ["*"] if principal == "*" else principal["AWS"]
    texts = texts if isinstance(texts, list) else [texts]
    own = "*" in texts or any(text in asked["names"] for text in texts)
    if negated:
        return not own
    of_account = any(text in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root") for text in texts)
    return own or (effect == "deny" and of_account)


def fill(text: str, values: Values) -> str | None:
    """Return a regular expression for a text with wildcards and variables."""
    pattern = ""
    for piece in re.split(r"(\$\{[^}]*\}|\*|\?)", text):
        if piece == "*":
            pattern += ".*"
        elif piece == "?":
            pattern += "."
        elif piece in ("${*}", "${?}", "${$}"):
            pattern += re.escape(piece[2])
        elif piece.startswith("${"):
            key, _, default = piece[2:-1].partition(",")
            found = values.get(key.strip().lower(), ())
            if len(found) != 1 and not default:
                return None
            pattern += re.escape(found[0] if len(found) == 1 else default.strip()[1:-1])
        else:
            pattern += re.escape(piece)
    return pattern


def like(text: str, value: str) -> bool:
    """Tell whether a text with wildcards stands for a value."""
    pattern = fill(text.replace("$", "${$}"), {})
    assert pattern is not None
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Tell whether a filled pattern of an ARN stands for one: no wildcard crosses a colon."""
    if pattern == ".*":
        return True
    fields, given = pattern.split(":", 5), value.split(":", 5)
    return len(fields) == len(given) and all(
        re.fullmatch(field, one, re.DOTALL) for field, one in zip(fields, given, strict=True)
    )


def condition(operator: str, key: str, value: Any, values: Values) -> bool:
    """Tell whether one condition holds."""
    wanted = value if isinstance(value, list) else [value]
    present = key in values
    if operator == "Null":
        return any((one == "true") == (not present) for one in wanted)
    over, colon, name = operator.partition(":")
    if not colon:
        over, name = "", operator
    if_exists, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    negated = "Not" in name
    name = name.replace("Not", "")
    if not present:
        if over:
            return over == "ForAllValues"
        return negated or if_exists
    hits = [any(compare(name, one, given, values) for one in wanted) for given in values[key]]
    truths = [not hit for hit in hits] if negated else hits
    if over == "ForAllValues" or (not over and negated):
        return all(truths)
    return any(truths)


def compare(name: str, wanted: str, given: str, values: Values) -> bool:
    """Tell whether a value of the request is what one of the policy says."""
    if name == "IpAddress":
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    if name == "Bool":
        return wanted == given
    if name.startswith("Numeric"):
        left, right = float(given), float(wanted)
        return {
            "NumericEquals": left == right,
            "NumericLessThan": left < right,
            "NumericLessThanEquals": left <= right,
            "NumericGreaterThan": left > right,
            "NumericGreaterThanEquals": left >= right,
        }[name]
    if name == "StringLike":
        pattern = fill(wanted, values)
        return pattern is not None and re.fullmatch(pattern, given, re.DOTALL) is not None
    literal = fill(wanted.replace("*", "${*}").replace("?", "${?}"), values)
    flags = re.IGNORECASE if name == "StringEqualsIgnoreCase" else 0
    return literal is not None and re.fullmatch(literal, given, re.DOTALL | flags) is not None
