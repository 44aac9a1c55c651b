"""Which policies are public."""

from typing import Any

import pytest

from holdfast.server.s3.policy_status import is_public


def _policy(**statement: Any) -> dict[str, Any]:
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return {"Version": "2012-10-17", "Statement": [{**whole, **statement}]}


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["arn:aws:iam::111122223333:root", "*"]}},
        {"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
        {"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}},
        {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}},
        {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::/0"]}}},
        {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Principal": "*", "Condition": {"StringEquals": {"aws:userid": "${aws:userid}"}}},
    ],
)
def test_a_policy_that_lets_anybody_in_is_public(statement: dict[str, Any]) -> None:
    """Callers are open, and no condition fixes them."""
    assert is_public(_policy(**statement))


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}},
        {"Principal": {"Service": "cloudtrail.amazonaws.com"}},
        {"Principal": "*", "Effect": "Deny"},
        {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}},
        {"Principal": "*", "Condition": {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}},
        {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        {
            "Principal": "*",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:*"}},
        },
        {
            "Principal": "*",
            "Condition": {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/"}},
        },
    ],
)
def test_a_policy_that_fixes_its_callers_is_not_public(statement: dict[str, Any]) -> None:
    """Callers, networks or organizations are named, or nothing is allowed."""
    assert not is_public(_policy(**statement))


def test_one_public_statement_makes_the_policy_public() -> None:
    """A statement that stands beside a narrow one is looked at too."""
    narrow = _policy(Principal={"AWS": "arn:aws:iam::111122223333:root"})["Statement"]
    wide = _policy(Principal="*")["Statement"]
    assert is_public({"Statement": [*narrow, *wide]})
