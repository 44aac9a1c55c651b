"""Which items and attributes a request to DynamoDB is about, as condition keys.

What cannot be told, since the table does not exist or the request is malformed, is about no item that a
policy can name. Attributes are those that a request mentions, in whichever of its expressions.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Reader
from holdfast.engine.records import Table
from holdfast.server.access.policies.patterns import Values
from holdfast.server.dynamodb.expressions.nodes import And, Compare, Condition, Literal, Path
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.expressions.tokens import tokenize
from holdfast.server.dynamodb.numbers import canonical
from holdfast.server.dynamodb.values import AttributeValue

Item = Mapping[str, AttributeValue]

UNKNOWN = "\x00"  # a leading key that no key of a state or a lock is
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_QUERY = ("FilterExpression", "KeyConditionExpression", "ProjectionExpression")
_KEYWORDS = frozenset({"and", "or", "not", "between", "in", "set", "remove", "add", "delete"})


def leading_keys(reader: Reader, table: str, items: Sequence[Item]) -> Values:
    """Return the hash keys of the items that a request is about, as a condition key.

    Args:
        reader: of the table's record.
        table: its name or ARN.
        items: their attributes, or only their keys.
    """
    record = _table(reader, table)
    found = tuple(_text(item.get(record.hash_key)) if record else UNKNOWN for item in items)
    return {"dynamodb:leadingkeys": found} if found else {}


def leading_key_of_query(reader: Reader, table: str, request: Mapping[str, Any]) -> Values:
    """Return the hash key that a Query asks for, as a condition key."""
    record = _table(reader, table)
    value = _hash_value(record, request) if record else None
    return {"dynamodb:leadingkeys": (_text(value),)}


def of_attributes(items: Sequence[Item], request: Mapping[str, Any], *, reads: bool) -> Values:
    """Return the condition keys about attributes.

    Args:
        items: those that the request brings, or their keys.
        request: with its expressions and options.
        reads: whether it gives attributes back unless it says which.
    """
    values: dict[str, tuple[str, ...]] = {}
    attributes = tuple(sorted({name for item in items for name in item} | _mentioned(request)))
    if attributes:
        values["dynamodb:attributes"] = attributes
    if reads:
        chosen = "SPECIFIC" if "ProjectionExpression" in request else "ALL"
        values["dynamodb:select"] = (str(request.get("Select", f"{chosen}_ATTRIBUTES")),)
    if "ReturnValues" in request:
        values["dynamodb:returnvalues"] = (str(request["ReturnValues"]),)
    return values


def _table(reader: Reader, given: str) -> Table | None:
    return reader.get(Table, given.rpartition(":table/")[2])


def _text(value: AttributeValue | None) -> str:
    """Return a key's value as policies write it; equal numbers are the same text."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return UNKNOWN
    ((kind, content),) = value.items()
    if kind == "N":
        try:
            return canonical(content)
        except ServiceError:
            return UNKNOWN  # it will be refused
    if kind == "B":
        return base64.b64encode(bytes(content)).decode()
    return content if isinstance(content, str) else UNKNOWN


def _hash_value(table: Table, request: Mapping[str, Any]) -> AttributeValue | None:
    """Return the hash key's value that a Query asks for."""
    try:
        condition = Expressions(request, *_QUERY).condition("KeyConditionExpression")
    except ServiceError:
        return None  # it will be refused
    found = [value for value in _equals(condition, table.hash_key) if value is not None]
    return found[0] if len(found) == 1 else None


def _equals(condition: Condition | None, name: str) -> Iterable[AttributeValue | None]:
    """Yield what a condition says a top-level attribute equals."""
    if isinstance(condition, And):
        for part in condition.conditions:
            yield from _equals(part, name)
    if isinstance(condition, Compare) and condition.operator == "=":
        for one, other in (
            (condition.left, condition.right),
            (condition.right, condition.left),
        ):
            if isinstance(one, Path) and one.parts == (name,) and isinstance(other, Literal):
                yield other.value


def _mentioned(request: Mapping[str, Any]) -> set[str]:
    """Return the top-level attributes that a request's expressions name."""
    names = request.get("ExpressionAttributeNames", {})
    found: set[str] = set()
    for member in _EXPRESSIONS:
        text = request.get(member)
        if isinstance(text, str) and text:
            found |= _words(member, text, names)
    return found


def _words(member: str, text: str, names: Mapping[str, str]) -> set[str]:
    try:
        tokens = tokenize(member, text)
    except ServiceError:
        return set()  # it will be refused
    found = set()
    for place, token in enumerate(tokens):
        nested = place > 0 and tokens[place - 1].text == "."
        if nested or token.kind not in ("word", "name"):
            continue
        if token.kind == "name":
            found.add(names.get(token.text, token.text))
        elif tokens[place + 1].text != "(" and token.text.lower() not in _KEYWORDS:
            found.add(token.text)
    return found
