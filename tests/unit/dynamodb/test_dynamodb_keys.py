"""Primary keys: what is accepted, and how they are encoded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.dynamodb import keys


def table(hash_type: str = "S", range_type: str = "") -> Table:
    """Return a table with hash key h and, if a type is given, range key r."""
    return Table(
        name="t",
        table_id=b"i" * 16,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        hash_key="h",
        hash_type=hash_type,
        range_key="r" if range_type else "",
        range_type=range_type,
    )


def test_text_and_binary_keys_are_stored_as_they_are() -> None:
    """They sort by their bytes already."""
    assert keys.of_item(table(), {"h": {"S": "é"}}) == ("é".encode(), b"")
    found = keys.of_item(table("B", "S"), {"h": {"B": b"\xff"}, "r": {"S": "x"}})
    assert found == (b"\xff", b"x")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({}, "Missing the key h in the item"),
        ({"h": {"N": "1"}}, "Type mismatch for key h expected: S actual: N"),
        ({"h": {"S": ""}, "r": {"B": b"x"}}, "cannot contain an empty string value. Key: h"),
        ({"h": {"S": "x" * 2049}, "r": {"B": b"x"}}, "Size of hashkey has exceeded"),
        ({"h": {"S": "x"}}, "Missing the key r in the item"),
        ({"h": {"S": "x"}, "r": {"B": b""}}, "cannot contain an empty binary value. Key: r"),
        ({"h": {"S": "x"}, "r": {"B": b"x" * 1025}}, "Aggregated size of all range keys"),
    ],
)
def test_an_item_without_a_proper_key_is_refused(item: dict[str, Any], message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        keys.of_item(table("S", "B"), item)
    assert message in caught.value.message


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"h": {"S": "x"}},
        {"h": {"N": "1"}, "r": {"N": "1"}},
        {"h": {"S": "x"}, "q": {"N": "1"}},
        {"h": {"S": "x"}, "r": {"N": "1"}, "q": {"S": "y"}},
    ],
)
def test_a_key_of_another_shape_is_refused(key: dict[str, Any]) -> None:
    """A Key parameter has exactly the table's attributes and types."""
    with pytest.raises(ServiceError, match="does not match the schema"):
        keys.of_key(table("S", "N"), key)


def test_equal_numbers_are_one_key() -> None:
    """However the client writes the number."""
    first, attributes = keys.of_key(table("N"), {"h": {"N": "1E+2"}})
    second, _ = keys.of_key(table("N"), {"h": {"N": "100.0"}})
    assert first == second
    assert attributes == {"h": {"N": "100"}}
