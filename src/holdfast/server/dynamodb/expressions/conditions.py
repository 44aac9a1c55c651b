"""Conditions: bound to names and values, checked, and evaluated on an item."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.server.dynamodb import values
from holdfast.server.dynamodb.expressions import operands
from holdfast.server.dynamodb.expressions.bindings import Bindings
from holdfast.server.dynamodb.expressions.nodes import (
    And,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Literal,
    Not,
    Operand,
    Or,
    Path,
)
from holdfast.server.dynamodb.expressions.paths import lookup
from holdfast.server.dynamodb.expressions.tokens import refusal
from holdfast.server.dynamodb.values import AttributeValue

Item = Mapping[str, AttributeValue]
_ORDERED = "S N B"


# ---- Binding -----------------------------------------------------------------------------


def bind(kind: str, condition: Condition, bindings: Bindings) -> Condition:
    """Return a condition with names and values in place, checked as far as it can be without an item.

    Args:
        kind: the parameter that it is in, for messages.
        condition: as parsed.
        bindings: the names and values of the request.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    if isinstance(condition, And):
        return And(tuple(bind(kind, part, bindings) for part in condition.conditions))
    if isinstance(condition, Or):
        return Or(tuple(bind(kind, part, bindings) for part in condition.conditions))
    if isinstance(condition, Not):
        return Not(bind(kind, condition.condition, bindings))
    bound = _bind_simple(kind, condition, bindings)
    _check(kind, bound)
    return bound


def _bind_simple(
    kind: str, condition: Compare | Between | In | Call, bindings: Bindings
) -> Compare | Between | In | Call:
    def bound(operand: Operand) -> Operand:
        return operands.bind(kind, operand, bindings)

    if isinstance(condition, Compare):
        return Compare(condition.operator, bound(condition.left), bound(condition.right))
    if isinstance(condition, Between):
        return Between(bound(condition.operand), bound(condition.low), bound(condition.high))
    if isinstance(condition, In):
        return In(bound(condition.operand), tuple(map(bound, condition.choices)))
    return Call(condition.name, tuple(map(bound, condition.arguments)))


def _check(kind: str, condition: Compare | Between | In | Call) -> None:
    if isinstance(condition, Call):
        operands.check(kind, condition)
    elif isinstance(condition, Compare):
        operator, left, right = condition.operator, condition.left, condition.right
        operands.check(kind, left)
        operands.check(kind, right)
        operands.require_distinct(kind, operator, left, (right,))
        if operator not in ("=", "<>"):
            operands.require_type(kind, operator, left, _ORDERED)
            operands.require_type(kind, operator, right, _ORDERED)
    elif isinstance(condition, In):
        operands.check(kind, condition.operand)
        for choice in condition.choices:
            operands.check(kind, choice)
        operands.require_distinct(kind, "IN", condition.operand, condition.choices)
    else:
        _check_between(kind, condition)


def _check_between(kind: str, condition: Between) -> None:
    for operand in (condition.operand, condition.low, condition.high):
        operands.check(kind, operand)
        operands.require_type(kind, "BETWEEN", operand, _ORDERED)
    low, high = condition.low, condition.high
    operands.require_distinct(kind, "BETWEEN", condition.operand, (low, high))
    if not isinstance(low, Literal) or not isinstance(high, Literal):
        return
    shown = (
        f"lower bound operand: AttributeValue: {_shown(low.value)}, "
        f"upper bound operand: AttributeValue: {_shown(high.value)}"
    )
    if values.type_of(low.value) != values.type_of(high.value):
        raise refusal(
            kind,
            f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}",
        )
    if _ordered(high.value, "<", low.value):
        raise refusal(
            kind,
            "The BETWEEN operator requires upper bound to be greater than or equal to lower "
            f"bound; {shown}",
        )


def _shown(value: AttributeValue) -> str:
    ((kind, content),) = value.items()
    if kind == "B":  # DynamoDB is written in Java, and it shows
        size = len(content)
        content = f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    return f"{{{kind}:{content}}}"


# ---- Evaluating --------------------------------------------------------------------------


def holds(condition: Condition, item: Item) -> bool:
    """Tell whether a bound condition holds for an item; an item that does not exist is empty."""
    return _EVALUATE[type(condition)](condition, item)


def value_of(operand: Operand, item: Item) -> AttributeValue | None:
    """Return what a bound operand of a condition is for an item; None if there is nothing."""
    if isinstance(operand, Path):
        return lookup(operand, item)
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Call):  # the only function that has a value here is `size`
        return _size(value_of(operand.arguments[0], item))
    return None


def _size(value: AttributeValue | None) -> AttributeValue | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind in ("N", "BOOL", "NULL"):
        return None
    if kind == "S":  # counted in UTF-16, as Java does
        content = content.encode("utf-16-le")[::2]
    return {"N": str(len(content))}


def _compare(condition: Compare, item: Item) -> bool:
    left, right = value_of(condition.left, item), value_of(condition.right, item)
    if condition.operator == "=":
        return left is not None and right is not None and values.equal(left, right)
    if condition.operator == "<>":
        return left is None or right is None or not values.equal(left, right)
    return _ordered(left, condition.operator, right)


def _ordered(left: AttributeValue | None, operator: str, right: AttributeValue | None) -> bool:
    if left is None or right is None or values.type_of(left) not in right:
        return False
    low: Any = values.rank(left)  # both of the same type, so Python can compare them
    high: Any = values.rank(right)
    if low is None or high is None:
        return False
    if operator == "<":
        return bool(low < high)
    if operator == "<=":
        return bool(low <= high)
    return bool(low > high) if operator == ">" else bool(low >= high)


def _between(condition: Between, item: Item) -> bool:
    value = value_of(condition.operand, item)
    return _ordered(value, ">=", value_of(condition.low, item)) and _ordered(
        value, "<=", value_of(condition.high, item)
    )


def _in(condition: In, item: Item) -> bool:
    value = value_of(condition.operand, item)
    if value is None:
        return False
    choices = (value_of(choice, item) for choice in condition.choices)
    return any(choice is not None and values.equal(value, choice) for choice in choices)


def _call(condition: Call, item: Item) -> bool:
    value = value_of(condition.arguments[0], item)
    if condition.name == "attribute_exists":
        return value is not None
    if condition.name == "attribute_not_exists":
        return value is None
    other = value_of(condition.arguments[1], item)
    if value is None or other is None:
        return False
    if condition.name == "attribute_type":
        return bool(other["S"] == values.type_of(value))
    if condition.name == "contains":
        return values.contains(value, other)
    return _begins_with(value, other)


def _begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    kind = values.type_of(value)
    return kind in ("S", "B") and kind in prefix and bool(value[kind].startswith(prefix[kind]))


def _all(condition: And, item: Item) -> bool:
    return all(holds(part, item) for part in condition.conditions)


def _any(condition: Or, item: Item) -> bool:
    return any(holds(part, item) for part in condition.conditions)


def _not(condition: Not, item: Item) -> bool:
    return not holds(condition.condition, item)


_EVALUATE: Mapping[type[Any], Callable[[Any, Item], bool]] = {
    And: _all,
    Or: _any,
    Not: _not,
    Compare: _compare,
    Between: _between,
    In: _in,
    Call: _call,
}
