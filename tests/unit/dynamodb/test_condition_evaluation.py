"""Conditions evaluated on items: by cases, and against a model of its own."""

from typing import Any

import pytest
from hypothesis import assume, given

from dynamodb_strategies import conditions, items, values, written
from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.conditions import holds
from holdfast.server.dynamodb.expressions.nodes import And, Condition, Not, Or
from holdfast.server.dynamodb.expressions.request import Expressions

KIND = "ConditionExpression"
ITEM: dict[str, Any] = {
    "LockID": {"S": "b/k"},
    "Info": {"S": '{"ID":"é"}'},
    "smile": {"S": "é\U0001f600"},
    "n": {"N": "10"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "bin": {"B": b"\x01\x02\x03"},
    "words": {"SS": ["a", "b"]},
    "nums": {"NS": ["1", "2"]},
    "doc": {"M": {"els": {"L": [{"S": "x"}, {"N": "5"}]}, "greeting": {"S": "hello"}}},
}


def evaluate(text: str, item: dict[str, Any], values_given: dict[str, Any]) -> bool:
    """Bind and evaluate a condition."""
    params: dict[str, Any] = {KIND: text}
    if values_given:
        params["ExpressionAttributeValues"] = values_given
    condition = Expressions(params, KIND).condition()
    assert condition is not None
    return holds(condition, item)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("attribute_exists(LockID)", None, True),
        ("attribute_not_exists(LockID)", None, False),
        ("attribute_not_exists(absent)", None, True),
        ("attribute_exists(doc.els[1])", None, True),
        ("attribute_exists(doc.els[2])", None, False),
        ("attribute_exists(doc.greeting.deeper)", None, False),
        ("Info = :v", {"S": '{"ID":"é"}'}, True),
        ("Info = :v", {"S": '{"ID": "é"}'}, False),
        ("n = :v", {"N": "1E+1"}, True),
        ("n = :v", {"S": "10"}, False),
        ("n <> :v", {"S": "10"}, True),
        ("absent = :v", {"S": "x"}, False),
        ("absent <> :v", {"S": "x"}, True),
        ("n < :v", {"N": "9"}, False),
        ("n > :v", {"N": "9"}, True),
        ("n <= :v", {"N": "10.0"}, True),
        ("n >= :v", {"S": "1"}, False),
        ("absent < :v", {"N": "1"}, False),
        ("bin > :v", {"B": b"\x01\x02"}, True),
        (":v BETWEEN n AND n", {"N": "10"}, True),
        ("n IN (LockID, :v)", {"N": "10"}, True),
        ("absent IN (LockID, :v)", {"N": "10"}, False),
        ("begins_with(LockID, :v)", {"S": "b/"}, True),
        ("begins_with(bin, :v)", {"B": b"\x01"}, True),
        ("begins_with(n, :v)", {"S": "1"}, False),
        ("contains(Info, :v)", {"S": "ID"}, True),
        ("contains(words, :v)", {"S": "b"}, True),
        ("contains(nums, :v)", {"N": "2.0"}, True),
        ("contains(words, :v)", {"N": "1"}, False),
        ("contains(doc.els, :v)", {"N": "5"}, True),
        ("contains(n, :v)", {"N": "1"}, False),
        ("attribute_type(doc, :v)", {"S": "M"}, True),
        ("attribute_type(doc, :v)", {"S": "L"}, False),
        ("size(Info) = :v", {"N": "10"}, True),
        ("size(words) = :v", {"N": "2"}, True),
        ("size(smile) = :v", {"N": "3"}, True),
        ("size(doc.els) < :v", {"N": "3"}, True),
        ("size(n) < :v", {"N": "3"}, False),
        ("flag = :v", {"BOOL": False}, True),
        ("nothing = :v", {"NULL": True}, True),
        ("words = :v", {"SS": ["b", "a"]}, True),
        ("doc.els = :v", {"L": [{"S": "x"}, {"N": "5.0"}]}, True),
        ("NOT n = :v", {"N": "10"}, False),
        ("n = :v OR attribute_exists(absent)", {"N": "10"}, True),
        ("n = :v AND attribute_exists(absent)", {"N": "10"}, False),
    ],
)
def test_conditions(text: str, value: dict[str, Any] | None, expected: bool) -> None:
    """What DynamoDB says of an item with one of everything."""
    assert evaluate(text, ITEM, {} if value is None else {":v": value}) is expected


@given(conditions, items, values, values)
def test_logic_follows_its_parts(
    condition: Condition, item: dict[str, Any], v: dict[str, Any], w: dict[str, Any]
) -> None:
    """AND, OR and NOT of any conditions are what logic makes of the parts, and nothing crashes."""
    params: dict[str, Any] = {
        KIND: written(condition),
        "ExpressionAttributeNames": {"#x": "a", "#y": "b"},
        "ExpressionAttributeValues": {":v": v, ":w": w, ":long_1": {"S": "N"}},
    }
    try:
        bound = Expressions(params, KIND).condition()
    except ServiceError as error:
        assume(error.code != "ValidationException")  # types that never fit are refused
        raise
    assert bound is not None
    assert holds(bound, item) is _model(bound, item)


def _model(condition: Condition, item: dict[str, Any]) -> bool:
    if isinstance(condition, And):
        return not any(not _model(part, item) for part in condition.conditions)
    if isinstance(condition, Or):
        return [_model(part, item) for part in condition.conditions].count(True) > 0
    if isinstance(condition, Not):
        return _model(condition.condition, item) is False
    return holds(condition, item)
