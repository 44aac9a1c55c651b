"""Primary keys: what a table's key attributes must be, and bytes that sort as DynamoDB sorts.

Text sorts by its UTF-8 bytes, binary by its bytes, numbers by value.
"""

from collections.abc import Container, Mapping
from typing import NamedTuple

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.dynamodb import numbers
from holdfast.server.dynamodb.refusals import invalid, invalid_values
from holdfast.server.dynamodb.values import Attributes, AttributeValue, checked, type_of

MAX_HASH_BYTES = 2048
MAX_RANGE_BYTES = 1024
_INVALID = "One or more parameter values were invalid:"
_MISMATCH = "The provided key element does not match the schema"


class KeyMismatch(ServiceError):
    """A key that does not fit the table; in a transaction it cancels rather than being refused."""

    def __init__(self, message: str = _MISMATCH) -> None:
        super().__init__("ValidationException", message)


class ItemKey(NamedTuple):
    """A primary key, encoded: the last two key fields of an `Item`."""

    hash: bytes
    range: bytes = b""


def names(table: Table) -> tuple[str, ...]:
    """Return the names of a table's key attributes, hash key first."""
    return (table.hash_key, table.range_key) if table.range_key else (table.hash_key,)


def types(table: Table) -> dict[str, str]:
    """Return the type of each key attribute."""
    if table.range_key:
        return {table.hash_key: table.hash_type, table.range_key: table.range_type}
    return {table.hash_key: table.hash_type}


def encode(value: AttributeValue) -> bytes:
    """Return a checked scalar as bytes that sort as DynamoDB sorts values of its type."""
    ((kind, content),) = value.items()
    if kind == "S":
        encoded: bytes = content.encode()
        return encoded
    return numbers.encode(content) if kind == "N" else bytes(content)


def of_item(table: Table, attributes: Mapping[str, AttributeValue]) -> ItemKey:
    """Return the key of an item that is to be stored.

    Args:
        table: where it belongs.
        attributes: its checked attributes.

    Raises:
        ServiceError: a key attribute is missing, of another type, empty or too long.
    """
    for name, kind in types(table).items():
        value = attributes.get(name)
        if value is None:
            raise KeyMismatch(f"{_INVALID} Missing the key {name} in the item")
        if kind not in value:
            raise KeyMismatch(
                f"{_INVALID} Type mismatch for key {name} expected: {kind} actual: {type_of(value)}"
            )
    return _encoded(table, attributes)


def require_untouched(table: Table, changed: Container[str | int]) -> None:
    """Check that an update leaves the key attributes alone.

    Raises:
        ServiceError: `KeyMismatch`: it names one of them.
    """
    for name in names(table):
        if name in changed:
            raise KeyMismatch(
                f"{_INVALID} Cannot update attribute {name}. This attribute is part of the key"
            )


def of_batch_item(table: Table, attributes: Mapping[str, AttributeValue]) -> ItemKey:
    """Return the key of an item in a batch, where DynamoDB words every mistake in it alike.

    Raises:
        ServiceError: as `of_key`.
    """
    if any(kind not in attributes.get(name, {}) for name, kind in types(table).items()):
        raise KeyMismatch
    return _encoded(table, attributes)


def of_key(table: Table, key: Mapping[str, AttributeValue]) -> tuple[ItemKey, Attributes]:
    """Return a `Key` parameter, encoded and checked.

    Raises:
        ServiceError: it does not have exactly the table's key attributes, or one is empty or too
            long.
    """
    found: Attributes = {}
    expected = types(table)
    for name, value in key.items():
        found[name] = checked(value)
        if expected.get(name) not in value:
            raise KeyMismatch
    if len(found) != len(expected):
        raise KeyMismatch
    return _encoded(table, found), found


def _encoded(table: Table, attributes: Mapping[str, AttributeValue]) -> ItemKey:
    hashed = encode_filled(table.hash_key, attributes[table.hash_key])
    if len(hashed) > MAX_HASH_BYTES:
        raise invalid_values("Size of hashkey has exceeded the maximum size limit of2048 bytes")
    if not table.range_key:
        return ItemKey(hashed)
    ranged = encode_filled(table.range_key, attributes[table.range_key])
    if len(ranged) > MAX_RANGE_BYTES:
        raise invalid_values(
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        )
    return ItemKey(hashed, ranged)


def encode_filled(name: str, value: AttributeValue) -> bytes:
    """Return the encoded value of a key attribute.

    Args:
        name: the attribute.
        value: a checked scalar.

    Raises:
        ServiceError: ValidationException: it is empty.
    """
    encoded = encode(value)
    if not encoded:
        kind = "string" if "S" in value else "binary"
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {kind} value. Key: {name}"
        )
    return encoded
