"""Decisions: which policies allow and deny, and which statement decides."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.server.access.policies.document import Kind, parse
from holdfast.server.access.policies.evaluate import (
    Attached,
    Decision,
    Policies,
    Question,
    decide,
)
from holdfast.server.access.policies.principals import Principal

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
KEY = "arn:aws:s3:::states/staging/app"
WHO = Principal(ACCOUNT, frozenset({ADA, "AIDAADA"}))

ALLOW = {"Sid": "Yes", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
DENY = {**ALLOW, "Sid": "No", "Effect": "Deny"}
OTHER = {**ALLOW, "Sid": "Other", "Resource": "arn:aws:s3:::states/prod/*"}


def attached(kind: Kind, *statements: dict[str, Any]) -> Attached:
    """Return a policy as it is attached."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return Attached(f"a-{kind}", parse(text, kind))


def by(statement: dict[str, Any], principal: Any = "*") -> dict[str, Any]:
    """Return a statement of a bucket's policy."""
    return {**statement, "Principal": principal}


def decided(
    identity: list[dict[str, Any]],
    bucket: list[dict[str, Any]] = [],  # noqa: B006 - it is not changed
    session: list[dict[str, Any]] | None = None,
    *,
    who: Principal = WHO,
    action: str = "s3:GetObject",
    decides: bool = False,
) -> Decision:
    """Return the decision for one request."""
    policies = Policies(
        identity=(attached("identity", *identity),) if identity else (),
        resource=attached("bucket", *bucket) if bucket else None,
        resource_decides=decides,
        session=attached("session", *session) if session is not None else None,
    )
    return decide(policies, Question(action, KEY, who, {}))


@pytest.mark.parametrize(
    ("identity", "bucket", "session", "expected"),
    [
        ([], [], None, (False, False, "identity", None)),
        ([OTHER], [], None, (False, False, "identity", None)),
        ([ALLOW], [], None, (True, False, "identity", "Yes")),
        ([ALLOW, DENY], [], None, (False, True, "identity", "No")),
        ([DENY], [by(ALLOW)], None, (False, True, "identity", "No")),
        ([], [by(ALLOW)], None, (True, False, "resource", "Yes")),
        ([], [by(ALLOW, {"AWS": ADA})], None, (True, False, "resource", "Yes")),
        ([], [by(ALLOW, {"AWS": "AIDAADAAAAAAAAAAAAAAA"})], None, (False, False, "identity", None)),
        ([], [by(ALLOW, {"AWS": ROOT})], None, (False, False, "identity", None)),
        ([ALLOW], [by(ALLOW, {"AWS": ROOT})], None, (True, False, "identity", "Yes")),
        ([ALLOW], [by(DENY, {"AWS": ACCOUNT})], None, (False, True, "resource", "No")),
        ([ALLOW], [by(DENY, {"AWS": f"{ADA}x"})], None, (True, False, "identity", "Yes")),
        ([ALLOW], [by(DENY)], None, (False, True, "resource", "No")),
        ([ALLOW], [], [ALLOW], (True, False, "identity", "Yes")),
        ([ALLOW], [], [OTHER], (False, False, "session", None)),
        ([ALLOW], [], [ALLOW, DENY], (False, True, "session", "No")),
        ([], [], [ALLOW], (False, False, "identity", None)),
        ([], [by(ALLOW)], [OTHER], (False, False, "session", None)),
    ],
)
def test_policies_together(
    identity: list[dict[str, Any]],
    bucket: list[dict[str, Any]],
    session: list[dict[str, Any]] | None,
    expected: tuple[bool, bool, str, str | None],
) -> None:
    """Any denial counts, one allowance is enough, and a session may do what both allow."""
    made = decided(identity, bucket, session)
    sid = made.statement.sid if made.statement else None
    assert (made.allowed, made.explicit, made.source, sid) == expected


def test_a_resource_whose_policy_decides_has_to_agree() -> None:
    """A key's or a role's: by name, or through the account if that allows it."""
    assert not decided([ALLOW], decides=True).allowed
    assert decided([ALLOW], decides=True).source == "resource"
    assert decided([], [by(ALLOW, {"AWS": ADA})], decides=True).allowed
    assert decided([ALLOW], [by(ALLOW, {"AWS": ROOT})], decides=True).allowed
    assert not decided([], [by(ALLOW, {"AWS": ROOT})], decides=True).allowed


def test_nobody_is_spared_by_naming_the_account() -> None:
    """A denial for all but the account is one for all but its administrator."""
    spared = {**DENY, "NotPrincipal": {"AWS": ROOT}}
    assert decided([ALLOW], [spared]).explicit
    assert not decided([ALLOW], [{**spared, "NotPrincipal": {"AWS": [ROOT, ADA]}}]).explicit


def test_the_administrator_needs_no_policy() -> None:
    """Nor does one of its own bind it."""
    root = Principal(ACCOUNT, frozenset({ADA}), root=True)
    assert decided([], who=root).allowed
    assert decided([DENY], who=root).allowed
    assert decided([], [by(DENY, {"AWS": ROOT})], who=root).explicit


@pytest.mark.parametrize("name", ["Get", "Put", "Delete"])
def test_the_administrator_can_always_take_back_a_bucket_policy(name: str) -> None:
    """Even one that denies everything to everybody."""
    root = Principal(ACCOUNT, frozenset({ADA}), root=True)
    action = f"s3:{name}BucketPolicy"
    assert decided([], [by(DENY)], who=root, action=action).allowed
    assert not decided([ALLOW], [by(DENY)], action=action).allowed


def test_the_first_statement_that_fits_is_the_deciding_one() -> None:
    """And it is told with its policy."""
    made = decided([OTHER, {**ALLOW, "Sid": "First"}, ALLOW])
    assert made.statement is not None
    assert (made.policy, made.statement.sid, made.statement.number) == ("a-identity", "First", 2)


def test_a_policy_with_other_statements_is_another_one() -> None:
    """What was found in the one it was made of is not found in it."""
    whole = attached("identity", ALLOW)
    question = Question("s3:GetObject", KEY, WHO, {})
    assert decide(Policies(identity=(whole,)), question).allowed
    none = Attached("none", replace(whole.policy, statements=()))
    assert not decide(Policies(identity=(none,)), question).allowed
    assert decide(Policies(identity=(whole,)), question).allowed


def test_what_is_spared_by_an_unknown_name_is_not_spared() -> None:
    """A variable without a value in NotResource: denied is everything, allowed is nothing."""
    home = {**ALLOW, "NotResource": "arn:aws:s3:::states/${aws:PrincipalTag/team}/*"}
    del home["Resource"]
    assert not decided([home]).allowed
    assert decided([ALLOW, {**home, "Sid": "No", "Effect": "Deny"}]).explicit
