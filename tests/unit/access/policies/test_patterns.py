"""Texts with wildcards and variables."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.access.policies.patterns import compiled, matches, matches_arn

_FEW = st.text("ab:/*?", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("*", "anything/at all\n", True),
        ("?", "", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*c", "ac", True),
        ("a*c", "abcb", False),
        ("a*a", "a", False),
        ("*b*b*", "abba", True),
        ("*b*b*", "aba", False),
        ("*a?", "aab", True),
        ("staging/*", "staging", False),
        ("staging/*", "staging/", True),
        ("S*", "staging", False),
    ],
)
def test_wildcards(pattern: str, value: str, fits: bool) -> None:
    """A star stands for any characters, a question mark for one."""
    assert matches(compiled(pattern).text, value) is fits


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/c:d", True),
        ("arn:aws:*:::b/*", "arn:aws:s3:::b/x", True),
        ("arn:aws:*:b/*", "arn:aws:s3:::b/x", False),
        ("arn:*:b/x", "arn:aws:s3:::b/x", False),
        ("*", "arn:aws:s3:::b/x", False),
        ("arn:aws:dynamodb:*:*:table/locks", "arn:aws:dynamodb:r:1:table/locks", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/x", False),
    ],
)
def test_arns_are_compared_field_by_field(pattern: str, value: str, fits: bool) -> None:
    """A wildcard ends where its field does."""
    assert matches_arn(compiled(pattern).text, value) is fits


@given(_FEW, _FEW)
def test_wildcards_are_what_a_regular_expression_says(pattern: str, value: str) -> None:
    """Translated sign by sign."""
    signs = {"*": ".*", "?": "."}
    translated = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
    expected = re.fullmatch(translated, value, re.DOTALL) is not None
    assert matches(compiled(pattern).text, value) is expected


@given(st.text())
def test_a_value_in_a_variable_stands_for_itself(value: str) -> None:
    """Stars and question marks in it are no wildcards."""
    filled = compiled("home/${aws:username}/*").filled({"aws:username": (value,)})
    assert filled is not None
    assert matches(filled, f"home/{value}/x")
    assert not matches(filled, f"home/{value}x/x")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${aws:username}", "ada"),
        ("${AWS:UserName}", "ada"),
        ("${aws:userid, 'nobody'}", "nobody"),
        ("${aws:userid}", None),
        ("${aws:TagKeys}", None),
        ("${aws:TagKeys, 'several'}", "several"),
        ("${*}${?}${$}", "*?$"),
        ("a${$}{b}", "a${b}"),
    ],
)
def test_variables(text: str, filled: str | None) -> None:
    """A value of the request, a default, or nothing that could be meant."""
    values = {"aws:username": ("ada",), "aws:tagkeys": ("a", "b")}
    assert compiled(text).filled(values) == filled
