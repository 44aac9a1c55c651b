"""Attribute values in their wire form: `{"S": "x"}`, `{"N": "1"}`, `{"M": {...}}`, checked and sized.

Checked values have canonical numbers, so that equal numbers are equal text.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from holdfast.server.dynamodb import numbers
from holdfast.server.dynamodb.refusals import invalid, invalid_values

AttributeValue = Mapping[str, Any]  # exactly one member: its type
Attributes = dict[str, AttributeValue]

MAX_ITEM_BYTES = 400 * 1024
MAX_NAME_BYTES = 65535
MAX_DEPTH = 31  # of maps and lists, so that what is inside of them is on level 32
_TOO_DEEP = "Nesting Levels have exceeded supported limits"
_SET_ELEMENT = {"SS": "S", "NS": "N", "BS": "B"}


def type_of(value: AttributeValue) -> str:
    """Return the type of a checked value: S, N, B, BOOL, NULL, SS, NS, BS, L or M."""
    return next(iter(value))


def checked(value: AttributeValue, depth: int = 0) -> AttributeValue:
    """Return the value with its numbers in canonical form.

    Args:
        value: an attribute value as the client sent it.
        depth: how many maps and lists it is inside of.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    if len(value) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the supported datatypes"
            if value
            else "Supplied AttributeValue is empty, must contain exactly one of the supported "
            "datatypes"
        )
    ((kind, content),) = value.items()
    if kind in ("S", "B", "BOOL"):
        return value
    if kind == "N":
        return {"N": numbers.canonical(content)}
    if kind == "NULL":
        if content is not True:
            raise invalid_values("Null attribute value types must have the value of true")
        return value
    if kind in _SET_ELEMENT:
        return _checked_set(kind, content)
    return _checked_document(kind, content, depth + 1)


def _checked_document(kind: str, content: Any, depth: int) -> AttributeValue:
    if depth > MAX_DEPTH:
        raise invalid(
            f"{_TOO_DEEP}: Attributes in the item have nested levels beyond supported limit"
        )
    if kind == "L":
        return {"L": [checked(element, depth) for element in content]}
    return {"M": _checked_members(content, depth)}


def _checked_members(members: Mapping[str, AttributeValue], depth: int) -> Attributes:
    for name in members:
        if not name:
            raise invalid("Empty attribute name")
        if len(name) > MAX_NAME_BYTES // 4 and text_bytes(name) > MAX_NAME_BYTES:
            raise invalid(
                f"Attribute name is too large, must be less than {MAX_NAME_BYTES + 1} bytes"
            )
    return {name: checked(value, depth) for name, value in members.items()}


def require_depth(value: AttributeValue, depth: int = 0) -> None:
    """Check that an update has not put checked values too deep into each other.

    Raises:
        ServiceError: ValidationException.
    """
    ((kind, content),) = value.items()
    if kind not in ("L", "M"):
        return
    if depth >= MAX_DEPTH:
        raise invalid(_TOO_DEEP)
    for part in content if kind == "L" else content.values():
        require_depth(part, depth + 1)


def _checked_set(kind: str, members: list[Any]) -> AttributeValue:
    if not members:
        names = {"SS": "An string set  may not be empty", "NS": "An number set  may not be empty"}
        raise invalid_values(names.get(kind, "Binary sets should not be empty"))
    if kind == "NS":
        members = [numbers.canonical(member) for member in members]
    if len(set(members)) == len(members):
        return {kind: members}
    if kind == "NS":
        raise invalid("Input collection contains duplicates")
    shown = ", ".join(_shown(member) for member in members)
    if kind == "SS":
        raise invalid_values(f"Input collection [{shown}] contains duplicates.")
    raise invalid_values(f"Input collection [{shown}]of type BS contains duplicates.")


def _shown(member: str | bytes) -> str:
    return member if isinstance(member, str) else repr(member)[2:-1]


def checked_attributes(attributes: Mapping[str, AttributeValue]) -> Attributes:
    """Return an item's attributes with every value checked.

    Raises:
        ServiceError: see `checked`.
    """
    return _checked_members(attributes, 0)


def text_bytes(text: str) -> int:
    """Return the length of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def size(value: AttributeValue) -> int:
    """Return how many bytes DynamoDB counts for a checked value.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, content),) = value.items()
    if kind == "S":
        return text_bytes(content)
    if kind == "N":
        return numbers.size(content)
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + size(element) for element in content)
    if kind == "M":
        return 3 + sum(1 + text_bytes(name) + size(part) for name, part in content.items())
    element_kind = _SET_ELEMENT[kind]
    return sum(size({element_kind: member}) for member in content)


def item_size(attributes: Mapping[str, AttributeValue]) -> int:
    """Return how many bytes DynamoDB counts for an item: names and values."""
    return sum(text_bytes(name) + size(value) for name, value in attributes.items())


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Tell whether two checked values are the same to DynamoDB: sets have no order."""
    kind = type_of(left)
    if kind not in right:
        return False
    mine, other = left[kind], right[kind]
    if kind in _SET_ELEMENT:
        return set(mine) == set(other)
    if kind == "L":
        return len(mine) == len(other) and all(map(equal, mine, other))
    if kind == "M":
        return mine.keys() == other.keys() and all(
            equal(value, other[name]) for name, value in mine.items()
        )
    return bool(mine == other)


def rank(value: AttributeValue) -> bytes | Decimal | None:
    """Return what a scalar is ordered by among values of its type; None if it has no order."""
    ((kind, content),) = value.items()
    if kind == "S":
        encoded: bytes = content.encode()
        return encoded
    if kind == "N":
        return numbers.value(content)
    return content if kind == "B" else None


def contains(value: AttributeValue, element: AttributeValue) -> bool:
    """Tell whether a text or binary has a part, or a set or list an element."""
    ((kind, content),) = value.items()
    if kind == "L":
        return any(equal(candidate, element) for candidate in content)
    wanted = _SET_ELEMENT.get(kind, kind)
    if wanted not in ("S", "B") and kind != "NS":
        return False
    return wanted in element and element[wanted] in content
