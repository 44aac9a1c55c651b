"""Whatever a policy text says, it is accepted whole or refused as malformed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.policy import checked_document
from holdfast.server.s3.policy_status import is_public

_WORDS = st.sampled_from(
    [
        "*",
        "s3:GetObject",
        "arn:aws:s3:::b/*",
        "Allow",
        "AWS",
        "IpAddress",
        "aws:SourceIp",
        "10.0.0.0/8",
        "StringEquals",
        "aws:SourceArn",
        "arn:aws:sns:::",
    ]
)
_FIELDS = st.sampled_from(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "Resource", "Condition"]
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_STATEMENTS = st.dictionaries(_FIELDS, _VALUES, max_size=7)
_SOUND = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def _check(text: str) -> None:
    refusal = ""
    try:
        is_public(checked_document(text, "b"))
    except ServiceError as error:
        refusal = error.code
    assert refusal in ("", "MalformedPolicy")


@given(st.text(max_size=50))
def test_any_text(text: str) -> None:
    """Not even JSON."""
    _check(text)
    _check("{" + text)


@given(_VALUES)
def test_any_statement(value: Any) -> None:
    """JSON of any shape."""
    _check(json.dumps({"Statement": value}))


@given(_STATEMENTS)
def test_any_fields(statement: dict[str, Any]) -> None:
    """Fields that exist, with values of any shape, also over a statement that is sound."""
    _check(json.dumps({"Statement": [statement]}))
    _check(json.dumps({"Statement": [{**_SOUND, **statement}]}))


@pytest.mark.parametrize("depth", [100, 1400])
def test_a_deep_document(depth: int) -> None:
    """Nesting ends in a refusal."""
    with pytest.raises(ServiceError):
        checked_document('{"Statement":' * depth + "1" + "}" * depth, "b")
