"""Key conditions of a query: one hash value, and an interval of range keys."""

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.dynamodb import keys
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
from holdfast.server.dynamodb.refusals import invalid, invalid_values
from holdfast.server.dynamodb.values import AttributeValue

_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Interval(msgspec.Struct, frozen=True):
    """A piece of the range keys of one hash key, in their encoded form."""

    low: bytes = b""
    high: bytes | None = None  # None: to the end
    open_low: bool = False  # `low` itself is outside
    open_high: bool = False  # `high` itself is outside

    def below(self, key: bytes) -> bool:
        """Tell whether a key comes before the interval."""
        return key < self.low or (self.open_low and key == self.low)

    def above(self, key: bytes) -> bool:
        """Tell whether a key comes after the interval."""
        if self.high is None:
            return False
        return key > self.high or (self.open_high and key == self.high)


class KeyRange(msgspec.Struct, frozen=True):
    """What a query reads."""

    hash: bytes
    interval: Interval = Interval()


class _Rule(msgspec.Struct, frozen=True):
    """One simple condition on one attribute."""

    attribute: str
    operator: str  # = < <= > >= BETWEEN begins_with
    operands: tuple[AttributeValue, ...]


def key_range(table: Table, condition: Condition) -> KeyRange:
    """Return what a bound key condition selects.

    Args:
        table: the table to query.
        condition: a bound KeyConditionExpression.

    Raises:
        ServiceError: ValidationException: it is more, less or other than a condition on the keys.
    """
    rules: dict[str, _Rule] = {}
    for simple in _simple_conditions(condition):
        rule = _rule(simple)
        if rule.attribute in rules:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        rules[rule.attribute] = rule
    if len(rules) > 2:
        raise invalid("Conditions can be of length 1 or 2 only")
    hashed = rules.pop(table.hash_key, None)
    if hashed is None:
        raise invalid(f"Query condition missed key schema element: {table.hash_key}")
    if hashed.operator != "=":
        raise invalid("Query key condition not supported")
    found = KeyRange(_encoded(table.hash_key, hashed.operands[0], table.hash_type))
    if not rules:
        return found
    if not table.range_key:
        raise invalid("Query key condition not supported")
    ranged = rules.pop(table.range_key, None)
    if ranged is None:
        raise invalid(f"Query condition missed key schema element: {table.range_key}")
    return KeyRange(found.hash, _interval(ranged, table.range_type))


def _simple_conditions(condition: Condition) -> list[Compare | Between | Call]:
    if isinstance(condition, And):
        return [simple for part in condition.conditions for simple in _simple_conditions(part)]
    if isinstance(condition, Or | Not | In):
        raise _wrong_operator(type(condition).__name__.upper())
    if isinstance(condition, Call) and condition.name != "begins_with":
        raise _wrong_operator(condition.name)
    if isinstance(condition, Compare) and condition.operator == "<>":
        raise _wrong_operator("<>")
    return [condition]


def _wrong_operator(operator: str) -> ServiceError:
    return invalid(f"Invalid operator used in KeyConditionExpression: {operator}")


def _rule(simple: Compare | Between | Call) -> _Rule:
    if isinstance(simple, Between):
        return _made("BETWEEN", simple.operand, simple.low, simple.high)
    if isinstance(simple, Call):
        if isinstance(simple.arguments[0], Literal):
            raise invalid(
                "Invalid condition in KeyConditionExpression: begins_with operator must have the "
                "key attribute as its first operand"
            )
        return _made("begins_with", *simple.arguments)
    if isinstance(simple.left, Literal):
        return _made(_FLIPPED[simple.operator], simple.right, simple.left)
    return _made(simple.operator, simple.left, simple.right)


def _made(operator: str, subject: Operand, *operands: Operand) -> _Rule:
    if any(isinstance(operand, Call) for operand in (subject, *operands)):
        raise invalid("KeyConditionExpressions cannot contain nested operations")
    if any(isinstance(operand, Path) for operand in operands):
        raise invalid(
            "Invalid condition in KeyConditionExpression: "
            "Multiple attribute names used in one condition"
        )
    if not isinstance(subject, Path):
        raise invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
    if len(subject.parts) > 1:
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    literals = tuple(operand.value for operand in operands if isinstance(operand, Literal))
    return _Rule(str(subject.parts[0]), operator, literals)


def _encoded(name: str, value: AttributeValue, kind: str) -> bytes:
    if kind not in value:
        raise invalid_values("Condition parameter type does not match schema type")
    return keys.encode_filled(name, value)


def _interval(rule: _Rule, kind: str) -> Interval:
    operands = [_encoded(rule.attribute, operand, kind) for operand in rule.operands]
    first = operands[0]
    if rule.operator == "=":
        return Interval(first, first)
    if rule.operator == "BETWEEN":
        return Interval(first, operands[1])
    if rule.operator == "begins_with":
        return Interval(first, _after_all(first), open_high=True)
    if rule.operator in (">", ">="):
        return Interval(low=first, open_low=rule.operator == ">")
    return Interval(high=first, open_high=rule.operator == "<")


def _after_all(prefix: bytes) -> bytes | None:
    """Return the least key greater than every key that begins with the prefix."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
