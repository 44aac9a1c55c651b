"""Projection expressions: what they pick, and what is refused."""

from typing import Any

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.paths import pick
from holdfast.server.dynamodb.expressions.request import Expressions

ITEM: dict[str, Any] = {
    "a": {"S": "1"},
    "l": {"L": [{"S": "0"}, {"M": {"x": {"S": "x"}, "y": {"S": "y"}}}, {"S": "2"}]},
    "m": {"M": {"p": {"M": {"q": {"N": "1"}}}, "r": {"N": "2"}}},
}


def picked(text: str) -> dict[str, Any]:
    """Project the item."""
    expressions = Expressions({"ProjectionExpression": text}, "ProjectionExpression")
    tree = expressions.projection()
    assert tree is not None
    return dict(pick(tree, ITEM))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {"a": {"S": "1"}}),
        ("a, absent", {"a": {"S": "1"}}),
        ("l[2], l[0]", {"l": {"L": [{"S": "0"}, {"S": "2"}]}}),
        ("l[1].y", {"l": {"L": [{"M": {"y": {"S": "y"}}}]}}),
        ("m.p.q", {"m": {"M": {"p": {"M": {"q": {"N": "1"}}}}}}),
        ("m.nothing", {}),
        ("a.b", {}),
        ("a[0]", {}),
        ("l[7]", {}),
    ],
)
def test_projections(text: str, expected: dict[str, Any]) -> None:
    """Maps keep their shape, lists close up, what is missing is left out."""
    assert picked(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a, a", "Two document paths overlap with each other"),
        ("m.p, m", "Two document paths overlap with each other"),
        ("m.p, m[0]", "Two document paths conflict with each other"),
        ("a,", 'Syntax error; token: "<EOF>", near: ","'),
        ("a b", 'Syntax error; token: "b", near: "a b"'),
        ("Data", "Attribute name is a reserved keyword; reserved keyword: Data"),
    ],
)
def test_improper_projections_are_refused(text: str, message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        picked(text)
    assert caught.value.message.startswith(f"Invalid ProjectionExpression: {message}")
