"""Conditions: each operator, absent keys, several values."""

from typing import Any

import pytest

from holdfast.server.access.policies.conditions import parse_conditions

REQUEST: dict[str, tuple[str, ...]] = {
    "aws:username": ("ada",),
    "aws:securetransport": ("true",),
    "aws:sourceip": ("10.1.2.3",),
    "aws:currenttime": ("2026-06-01T12:00:00+00:00",),
    "aws:epochtime": ("1780315200",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/ci/deploy",),
    "aws:principaltag/team": ("red",),
    "aws:tagkeys": ("team", "stage"),
    "s3:prefix": ("staging/app",),
    "s3:max-keys": ("10",),
}


def holds(operator: str, key: str, value: Any, **changes: tuple[str, ...]) -> bool:
    """Tell whether one condition holds for the usual request."""
    (found,) = parse_conditions({operator: {key: value}}, variables=True)
    return found.holds({**REQUEST, **changes})


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:username", "ada", True),
        ("StringEquals", "AWS:UserName", ["eve", "ada"], True),
        ("StringEquals", "aws:username", "Ada", False),
        ("StringEquals", "aws:username", "a*", False),
        ("StringEquals", "aws:PrincipalTag/Team", "red", True),
        ("StringEquals", "s3:prefix", "staging/${aws:PrincipalTag/app, 'app'}", True),
        ("StringNotEquals", "aws:username", "eve", True),
        ("StringNotEquals", "aws:username", ["eve", "ada"], False),
        ("StringEqualsIgnoreCase", "aws:username", "ADA", True),
        ("StringNotEqualsIgnoreCase", "aws:username", "ADA", False),
        ("StringLike", "s3:prefix", "staging/*", True),
        ("StringLike", "s3:prefix", ["prod/*", "stagin?/app"], True),
        ("StringLike", "s3:prefix", "Staging/*", False),
        ("StringLike", "s3:prefix", "${aws:username}/*", False),
        ("StringNotLike", "s3:prefix", "staging/*", False),
        ("StringNotLike", "s3:prefix", ["prod/*", "test/*"], True),
        ("NumericEquals", "s3:max-keys", "10.0", True),
        ("NumericNotEquals", "s3:max-keys", 10, False),
        ("NumericLessThan", "s3:max-keys", "10", False),
        ("NumericLessThanEquals", "s3:max-keys", "10", True),
        ("NumericGreaterThan", "s3:max-keys", "9", True),
        ("NumericGreaterThanEquals", "s3:max-keys", ["11", "10"], True),
        ("NumericEquals", "aws:username", "1", False),
        ("NumericNotEquals", "aws:username", "1", True),
        ("DateEquals", "aws:CurrentTime", "2026-06-01T14:00:00+02:00", True),
        ("DateNotEquals", "aws:CurrentTime", "2026-06-01", True),
        ("DateLessThan", "aws:CurrentTime", "2026-06-01T12:00:01Z", True),
        ("DateLessThanEquals", "aws:EpochTime", "1780315200", True),
        ("DateGreaterThan", "aws:EpochTime", "2026-06-01T12:00:00Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "1780315200", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", False, False),
        ("Bool", "aws:SecureTransport", ["false", "true"], True),
        ("BinaryEquals", "aws:username", "YWRh", True),
        ("BinaryEquals", "aws:username", "YWRi", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("IpAddress", "aws:SourceIp", ["192.168.0.0/16", "10.1.2.3"], True),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("NotIpAddress", "aws:SourceIp", "11.0.0.0/8", True),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/ci/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/ci/deploy", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:*:*:role/ci/deploy:x", False),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/ci/*", False),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::123456789012:user/*", True),
        ("Null", "aws:username", "false", True),
        ("Null", "aws:username", True, False),
        ("Null", "aws:TokenIssueTime", "true", True),
        ("Null", "aws:TokenIssueTime", ["true", "false"], True),
    ],
)
def test_an_operator(operator: str, key: str, value: Any, expected: bool) -> None:
    """On a key that the request has, or `Null` on any."""
    assert holds(operator, key, value) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "a", False),
        ("StringNotEquals", "a", True),
        ("StringLike", "*", False),
        ("StringNotLike", "*", True),
        ("NumericLessThan", "1", False),
        ("NumericNotEquals", "1", True),
        ("DateNotEquals", "2026-01-01", True),
        ("Bool", "false", False),
        ("NotIpAddress", "10.0.0.0/8", True),
        ("ArnNotLike", "arn:aws:iam::*:role/*", True),
        ("StringEqualsIfExists", "a", True),
        ("BoolIfExists", "true", True),
        ("StringNotEqualsIfExists", "a", True),
        ("ForAllValues:StringEquals", "a", True),
        ("ForAllValues:StringNotEquals", "a", True),
        ("ForAnyValue:StringEquals", "a", False),
        ("ForAnyValue:StringNotEquals", "a", False),
        ("ForAnyValue:StringEqualsIfExists", "a", False),
    ],
)
def test_an_absent_key(operator: str, value: str, expected: bool) -> None:
    """Matches nothing: what is negated holds, and what is only asked if it exists."""
    assert holds(operator, "sts:ExternalId", value) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("ForAllValues:StringEquals", ["team", "stage", "cost"], True),
        ("ForAllValues:StringEquals", "team", False),
        ("ForAnyValue:StringEquals", ["team", "cost"], True),
        ("ForAnyValue:StringEquals", "cost", False),
        ("ForAllValues:StringNotEquals", "cost", True),
        ("ForAllValues:StringNotEquals", "team", False),
        ("ForAnyValue:StringNotEquals", "team", True),
        ("ForAnyValue:StringNotEquals", ["team", "stage"], False),
        ("StringEquals", "team", True),
        ("StringNotEquals", "team", False),
    ],
)
def test_a_key_with_several_values(operator: str, value: Any, expected: bool) -> None:
    """All of them, any of them, or no word about it."""
    assert holds(operator, "aws:TagKeys", value) is expected


def test_a_variable_without_a_value_matches_nothing() -> None:
    """So what is negated holds."""
    assert not holds("StringLike", "s3:prefix", "${aws:RequestTag/team}*")
    assert holds("StringNotLike", "s3:prefix", "${aws:RequestTag/team}*")


def test_an_address_of_version_4_that_came_by_version_6() -> None:
    """Is the same address."""
    assert holds(
        "IpAddress", "aws:SourceIp", "10.0.0.0/8", **{"aws:sourceip": ("::ffff:10.0.0.1",)}
    )


def test_an_address_that_is_none_is_in_no_network() -> None:
    """Such as that of a client in the same process."""
    assert not holds("IpAddress", "aws:SourceIp", "0.0.0.0/0", **{"aws:sourceip": ("",)})
