"""What a request to DynamoDB is about: authorization sees just what the operation then reads."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.access.item_values import (
    UNKNOWN,
    leading_key_of_query,
    leading_keys,
    of_attributes,
)
from holdfast.server.dynamodb.expressions.key_conditions import key_range
from holdfast.server.dynamodb.expressions.request import Expressions

TABLE = Table(
    name="locks",
    table_id=b"t" * 16,
    created=datetime(2026, 1, 1, tzinfo=UTC),
    hash_key="LockID",
    hash_type="S",
    range_key="r",
    range_type="S",
)
_LEADING = "dynamodb:leadingkeys"


class _Records:
    """One table."""

    def get(self, _kind: Any, name: str) -> Table | None:
        """Return it by its name."""
        return TABLE if name == TABLE.name else None


READER: Any = _Records()
_OPERANDS = st.sampled_from(["LockID", "#k", ":a", ":b", "r", "#r", "other", "LockID.x"])
_COMPARISONS = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}",
    _OPERANDS,
    st.sampled_from(["=", "=", "=", "<", ">="]),
    _OPERANDS,
)
_SIMPLE = _COMPARISONS | st.sampled_from(
    ["begins_with(r, :b)", "begins_with(LockID, :a)", "r BETWEEN :a AND :b", "LockID IN (:a)"]
)
_CONDITIONS = st.recursive(
    _SIMPLE,
    lambda inner: (
        st.builds(
            lambda one, word, other, closed: (
                f"({one}) {word} {other}" if closed else f"{one} {word} {other}"
            ),
            inner,
            st.sampled_from(["AND", "AND", "OR"]),
            inner,
            st.booleans(),
        )
        | inner.map(lambda one: f"({one})")
    ),
    max_leaves=4,
)


@given(_CONDITIONS, st.text(min_size=1), st.text(min_size=1))
def test_a_query_that_is_answered_is_judged_by_the_key_that_it_reads(
    condition: str, one: str, other: str
) -> None:
    """Whatever way its condition is written."""
    request = {
        "TableName": "locks",
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {"#k": "LockID", "#r": "r"},
        "ExpressionAttributeValues": {":a": {"S": one}, ":b": {"S": other}},
    }
    (judged,) = leading_key_of_query(READER, "locks", request)[_LEADING]
    try:
        bound = Expressions(request, "KeyConditionExpression").condition("KeyConditionExpression")
        assert bound is not None
        read = key_range(TABLE, bound).hash.decode()
    except ServiceError:
        return  # it is refused
    assert judged == read


@pytest.mark.parametrize(
    ("key", "leading"),
    [
        ({"LockID": {"S": "a"}, "r": {"S": "b"}}, "a"),
        ({"LockID": {"N": "1.50"}}, "1.5"),
        ({"LockID": {"N": "1e3"}}, "1000"),
        ({"LockID": {"N": "1e999999999"}}, UNKNOWN),
        ({"LockID": {"N": "1" + "0" * 36 + "1"}}, "1" + "0" * 36 + "1"),
        ({"LockID": {"N": "NaN"}}, UNKNOWN),
        ({"LockID": {"N": "many"}}, UNKNOWN),
        ({"LockID": {"B": b"\x00\x01"}}, "AAE="),
        ({"LockID": {"M": {}}}, UNKNOWN),
        ({"LockID": {}}, UNKNOWN),
        ({"r": {"S": "b"}}, UNKNOWN),
    ],
)
def test_the_leading_key_of_an_item(key: dict[str, Any], leading: str) -> None:
    """A text, a number in one form only, bytes in base64; nothing that a policy can name otherwise."""
    assert leading_keys(READER, "locks", [key])[_LEADING] == (leading,)


def test_a_table_that_is_not_there_has_no_items() -> None:
    """That a policy could name."""
    key = {"LockID": {"S": "a"}}
    assert leading_keys(READER, "nothing", [key])[_LEADING] == (UNKNOWN,)


@pytest.mark.parametrize(
    ("request_", "attributes"),
    [
        ({"ProjectionExpression": "a, b.c[1], #n"}, ("LockID", "a", "b", "x")),
        (
            {"ConditionExpression": "attribute_not_exists(a) AND NOT size(b) > :v"},
            ("LockID", "a", "b"),
        ),
        ({"UpdateExpression": "SET a = if_not_exists(b, :v) REMOVE c"}, ("LockID", "a", "b", "c")),
        (
            {"FilterExpression": "contains(contains, :v) OR a IN (:v, :w)"},
            ("LockID", "a", "contains"),
        ),
        ({}, ("LockID",)),
    ],
)
def test_attributes_are_those_that_are_mentioned(
    request_: dict[str, Any], attributes: tuple[str, ...]
) -> None:
    """In any expression, by their own names, without functions and nested ones."""
    request = {"ExpressionAttributeNames": {"#n": "x"}, **request_}
    values = of_attributes([{"LockID": {"S": "a"}}], request, reads=False)
    assert values["dynamodb:attributes"] == attributes
