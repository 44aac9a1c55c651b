"""Query."""

from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws

NUMBERS = ["-1E+3", "-2.5", "-2", "0", "0.1", "1", "2", "10", "1E+20"]
PLAIN = ["-1000", "-2.5", "-2", "0", "0.1", "1", "2", "10", "100000000000000000000"]


@pytest.fixture
def filled(aws: Aws, notes: str) -> str:
    """A table with numbered notes under `a`, and one under each of two neighbours."""
    for number in reversed(NUMBERS):
        item: dict[str, Any] = {"h": {"S": "a"}, "r": {"N": number}, "text": {"S": f"<{number}>"}}
        aws.dynamodb.put_item(TableName=notes, Item=item)
    for other in ("A", "aa"):
        aws.dynamodb.put_item(TableName=notes, Item={"h": {"S": other}, "r": {"N": "1"}})
    return notes


def query(aws: Aws, table: str, condition: str, **more: Any) -> dict[str, Any]:
    """Query with `:h` bound to "a", and other values by name."""
    values = {":h": {"S": "a"}, **more.pop("values", {})}
    return dict(
        aws.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            **more,
        )
    )


def ranges(answer: dict[str, Any]) -> list[str]:
    """Return the range keys of an answer."""
    return [item["r"]["N"] for item in answer["Items"]]


def test_items_come_in_the_order_of_numbers(aws: Aws, filled: str) -> None:
    """Both ways, and only those of the hash key."""
    answer = query(aws, filled, "h = :h")
    assert ranges(answer) == PLAIN
    assert answer["Count"] == answer["ScannedCount"] == len(PLAIN)
    assert "LastEvaluatedKey" not in answer
    assert ranges(query(aws, filled, "h = :h", ScanIndexForward=False)) == PLAIN[::-1]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    ("condition", "low", "expected"),
    [
        ("r = :v", "2.0", ["2"]),
        ("r = :v", "3", []),
        ("r < :v", "0", PLAIN[:3]),
        ("r <= :v", "0", PLAIN[:4]),
        ("r > :v", "0", PLAIN[4:]),
        ("r >= :v", "0", PLAIN[3:]),
        (":v < r", "0", PLAIN[4:]),
        ("r BETWEEN :v AND :w", "-2.5", PLAIN[1:7]),
        ("r BETWEEN :v AND :w", "0.05", PLAIN[4:7]),
    ],
)
def test_intervals(
    aws: Aws, filled: str, condition: str, low: str, expected: list[str], forward: bool
) -> None:
    """Each comparison selects its interval, in either direction."""
    values = {":v": {"N": low}}
    if ":w" in condition:
        values[":w"] = {"N": "2"}
    answer = query(aws, filled, f"h = :h AND {condition}", values=values, ScanIndexForward=forward)
    assert ranges(answer) == (expected if forward else expected[::-1])


@pytest.mark.parametrize("forward", [True, False])
def test_begins_with_selects_by_prefix(aws: Aws, forward: bool) -> None:
    """Of text and of binary, also at the end of all bytes."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName="files",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "h", "AttributeType": "S"},
            {"AttributeName": "r", "AttributeType": "B"},
        ],
        KeySchema=[
            {"AttributeName": "h", "KeyType": "HASH"},
            {"AttributeName": "r", "KeyType": "RANGE"},
        ],
    )
    keys = [b"\x01", b"\x01\xff", b"\x01\xff\x00", b"\x02", b"\xff", b"\xff\xff"]
    for key in keys:
        client.put_item(TableName="files", Item={"h": {"S": "a"}, "r": {"B": key}})
    for prefix in (b"\x01", b"\x01\xff", b"\xff", b"\xff\xff", b"\x03"):
        answer = query(
            aws,
            "files",
            "h = :h AND begins_with(r, :v)",
            values={":v": {"B": prefix}},
            ScanIndexForward=forward,
        )
        expected = [key for key in keys if key.startswith(prefix)]
        found = [item["r"]["B"] for item in answer["Items"]]
        assert found == (expected if forward else expected[::-1])


@pytest.mark.parametrize("forward", [True, False])
def test_pages_join_without_gap(aws: Aws, filled: str, forward: bool) -> None:
    """Each page ends with a key that the next one starts after."""
    paginator = aws.dynamodb.get_paginator("query")
    pages = paginator.paginate(
        TableName=filled,
        KeyConditionExpression="h = :h AND r > :v",
        ExpressionAttributeValues={":h": {"S": "a"}, ":v": {"N": "-2.5"}},
        ScanIndexForward=forward,
        PaginationConfig={"PageSize": 3},
    )
    found = [item["r"]["N"] for page in pages for item in page["Items"]]
    assert found == (PLAIN[2:] if forward else PLAIN[:1:-1])


def test_a_page_ends_at_a_megabyte(aws: Aws, notes: str) -> None:
    """Counted before the filter."""
    for number in range(4):
        aws.dynamodb.put_item(
            TableName=notes,
            Item={"h": {"S": "a"}, "r": {"N": str(number)}, "v": {"S": "x" * 390_000}},
        )
    answer = query(aws, notes, "h = :h", FilterExpression="attribute_not_exists(v)")
    assert (answer["Count"], answer["ScannedCount"]) == (0, 3)
    assert answer["LastEvaluatedKey"] == {"h": {"S": "a"}, "r": {"N": "2"}}


def test_a_filter_and_a_projection(aws: Aws, filled: str) -> None:
    """Limit counts what is read, not what is kept."""
    answer = query(
        aws,
        filled,
        "h = :h",
        FilterExpression="contains(#t, :minus)",
        ProjectionExpression="r",
        ExpressionAttributeNames={"#t": "text"},
        values={":minus": {"S": "-"}},
        Limit=5,
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Items"] == [{"r": {"N": number}} for number in PLAIN[:3]]
    assert (answer["Count"], answer["ScannedCount"]) == (3, 5)
    assert answer["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_counting_returns_no_items(aws: Aws, filled: str) -> None:
    """Only the numbers."""
    answer = query(aws, filled, "h = :h", Select="COUNT")
    assert answer["Count"] == len(PLAIN)
    assert "Items" not in answer


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("r = :h", {}, "Query condition missed key schema element: h"),
        ("h = :h AND x = :v", {":v": {"S": "x"}}, "Query condition missed key schema element: r"),
        ("h > :h", {}, "Query key condition not supported"),
        (
            "h = :h OR r = :v",
            {":v": {"N": "1"}},
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            "h = :h AND r <> :v",
            {":v": {"N": "1"}},
            "Invalid operator used in KeyConditionExpression: <>",
        ),
        (
            "h = :h AND attribute_exists(r)",
            {},
            "Invalid operator used in KeyConditionExpression: attribute_exists",
        ),
        (
            "h = :h AND r = :v",
            {":v": {"S": "1"}},
            "Condition parameter type does not match schema type",
        ),
        (
            "h = :h AND r > :v AND r < :v",
            {":v": {"N": "1"}},
            "KeyConditionExpressions must only contain one condition per key",
        ),
        (
            "h = :h AND begins_with(:v, r)",
            {":v": {"S": "x"}},
            "begins_with operator must have the key attribute as its first operand",
        ),
        ("h = :h AND r.x = :v", {":v": {"N": "1"}}, "cannot have conditions on nested attributes"),
        ("h = :h AND size(r) = :v", {":v": {"N": "1"}}, "cannot contain nested operations"),
    ],
)
def test_improper_key_conditions_are_refused(
    aws: Aws, notes: str, condition: str, values: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with refused("ValidationException", message):
        query(aws, notes, condition, values=values)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"FilterExpression": "r = :h"}, "Primary key attribute: r"),
        ({"IndexName": "other"}, "The table does not have the specified index: other"),
        ({"ExclusiveStartKey": {"h": {"S": "a"}}}, "The provided starting key is invalid"),
        (
            {"ExclusiveStartKey": {"h": {"S": "b"}, "r": {"N": "1"}}},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        ({"Select": "SPECIFIC_ATTRIBUTES"}, "Must specify the AttributesToGet or Projection"),
        (
            {"QueryFilter": {}},
            (
                "Can not use both expression and non-expression parameters in the same request: "
                "Non-expression parameters: {QueryFilter} "
                "Expression parameters: {KeyConditionExpression}"
            ),
        ),
    ],
)
def test_improper_options_are_refused(
    aws: Aws, notes: str, more: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with refused("ValidationException", message):
        query(aws, notes, "h = :h", **more)


def test_a_query_without_condition_is_refused(aws: Aws, notes: str) -> None:
    """It needs a hash key."""
    with refused("ValidationException", "Either the KeyConditions or KeyConditionExpression"):
        aws.dynamodb.query(TableName=notes)


def test_an_empty_key_is_refused(aws: Aws, notes: str) -> None:
    """No item can have it."""
    with refused("ValidationException", "cannot contain an empty string value. Key: h"):
        aws.dynamodb.query(
            TableName=notes,
            KeyConditionExpression="h = :h",
            ExpressionAttributeValues={":h": {"S": ""}},
        )


def test_the_legacy_parameters_are_refused_by_name(aws: Aws, notes: str) -> None:
    """The message names what replaced them."""
    with refused("ValidationException", "KeyConditions is not supported here; use Key"):
        aws.client("dynamodb").query(TableName=notes, KeyConditions={})
