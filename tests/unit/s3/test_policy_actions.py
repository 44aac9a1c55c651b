"""Which actions a bucket's policy may name."""

import json
from typing import Any

import pytest

from holdfast.server.access.policies.document import PolicyRefused, parse
from holdfast.server.access.s3_actions import ACTIONS
from holdfast.server.s3.policy_actions import ON_BUCKETS, ON_OBJECTS, require_effect

BUCKET = "arn:aws:s3:::states"


def _checked(action: str | list[str], *resources: str, **more: Any) -> None:
    element = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": list(resources),
        **more,
    }
    (statement,) = parse(json.dumps({"Statement": element}), "bucket").statements
    require_effect(statement, list(resources))


def test_every_action_that_is_asked_for_can_be_named() -> None:
    """But the list of all buckets, which is of none of them."""
    assert {"s3:ListAllMyBuckets"} == ACTIONS - ON_BUCKETS - ON_OBJECTS


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("s3:GetObject", [f"{BUCKET}/*"]),
        ("s3:getobject", ["*"]),
        ("s3:ListBucket", [BUCKET]),
        ("s3:*", [BUCKET]),
        ("*", [f"{BUCKET}/a"]),
        (["s3:List*", "s3:Get*"], [BUCKET, f"{BUCKET}/*"]),
        ("s3:GetObject", [f"{BUCKET}*"]),
    ],
)
def test_a_statement_that_can_apply(action: str | list[str], resources: list[str]) -> None:
    """Each action has a resource that it can be for."""
    _checked(action, *resources)


@pytest.mark.parametrize(
    ("action", "resources", "said"),
    [
        ("s3:GetObject", [BUCKET], "does not apply"),
        ("s3:ListBucket", [f"{BUCKET}/*"], "does not apply"),
        (["s3:GetObject", "s3:ListBucket"], [f"{BUCKET}/*"], "does not apply"),
        ("s3:GetObjectt", [f"{BUCKET}/*"], "invalid action"),
        ("s3:Obtain*", [f"{BUCKET}/*"], "invalid action"),
    ],
)
def test_a_statement_that_can_never_apply(
    action: str | list[str], resources: list[str], said: str
) -> None:
    """A denial that looks like one would deny nothing."""
    with pytest.raises(PolicyRefused, match=said):
        _checked(action, *resources)
