"""Scan."""

from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws


@pytest.fixture
def filled(aws: Aws, notes: str) -> str:
    """A table with twenty notes under ten hash keys."""
    for number in range(20):
        aws.dynamodb.put_item(
            TableName=notes,
            Item={"h": {"S": f"h{number % 10}"}, "r": {"N": str(number)}, "n": {"N": str(number)}},
        )
    return notes


def numbers(items: list[dict[str, Any]]) -> list[int]:
    """Return the numbers of notes, in order."""
    return sorted(int(item["n"]["N"]) for item in items)


def test_a_scan_returns_everything(aws: Aws, filled: str) -> None:
    """In one page, if it is little."""
    answer: Any = aws.dynamodb.scan(TableName=filled, ConsistentRead=True)
    assert numbers(answer["Items"]) == list(range(20))
    assert answer["Count"] == answer["ScannedCount"] == 20
    assert "LastEvaluatedKey" not in answer


def test_pages_join_without_gap(aws: Aws, filled: str) -> None:
    """Each page starts after the last key of the one before."""
    pages: Any = aws.dynamodb.get_paginator("scan").paginate(
        TableName=filled, PaginationConfig={"PageSize": 3}
    )
    assert numbers([item for page in pages for item in page["Items"]]) == list(range(20))


def test_segments_divide_the_table(aws: Aws, filled: str) -> None:
    """Every item is in exactly one, over all pages."""
    found: list[dict[str, Any]] = []
    for segment in range(3):
        pages: Any = aws.dynamodb.get_paginator("scan").paginate(
            TableName=filled, Segment=segment, TotalSegments=3, PaginationConfig={"PageSize": 2}
        )
        found += [item for page in pages for item in page["Items"]]
    assert numbers(found) == list(range(20))


def test_a_filter_keeps_some(aws: Aws, filled: str) -> None:
    """Key attributes are allowed here."""
    answer: Any = aws.dynamodb.scan(
        TableName=filled,
        FilterExpression="n >= :n AND h <> :h",
        ExpressionAttributeValues={":n": {"N": "15"}, ":h": {"S": "h5"}},
    )
    assert numbers(answer["Items"]) == [16, 17, 18, 19]
    assert answer["ScannedCount"] == 20


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Segment": 1}, "The TotalSegments parameter is required"),
        ({"TotalSegments": 1}, "The Segment parameter is required"),
        ({"Segment": 2, "TotalSegments": 2}, "Segment: 2 is not less than TotalSegments: 2"),
        ({"ScanFilter": {}}, "ScanFilter is not supported here"),
        ({"ExclusiveStartKey": {"h": {"S": "a"}}}, "The provided starting key is invalid"),
        (
            {"ExpressionAttributeValues": {":v": {"S": "x"}}},
            "ExpressionAttributeValues can only be specified when using expressions: ",
        ),
    ],
)
def test_improper_options_are_refused(
    aws: Aws, notes: str, more: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with refused("ValidationException", message):
        aws.dynamodb.scan(TableName=notes, **more)


def test_a_start_in_another_segment_is_refused(aws: Aws, filled: str) -> None:
    """A key belongs to one segment of the same division."""
    last: Any = aws.dynamodb.scan(TableName=filled, Segment=0, TotalSegments=2, Limit=1)
    with refused("ValidationException", "with correct Segment. TotalSegments: 2 Segment: 1"):
        aws.dynamodb.scan(
            TableName=filled,
            Segment=1,
            TotalSegments=2,
            ExclusiveStartKey=last["LastEvaluatedKey"],
        )
