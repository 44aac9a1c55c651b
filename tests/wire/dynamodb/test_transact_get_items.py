"""TransactGetItems."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_refusals import refused
from in_process import Aws


def test_items_come_in_the_order_of_the_request(aws: Aws, locks: str, notes: str) -> None:
    """A missing one is an empty response; a read costs double."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "x": {"S": "1"}})
    answer = aws.dynamodb.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": notes, "Key": {"h": {"S": "a"}, "r": {"N": "1"}}}},
            {
                "Get": {
                    "TableName": locks,
                    "Key": {"LockID": {"S": "a"}},
                    "ProjectionExpression": "x",
                }
            },
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == [{}, {"Item": {"x": {"S": "1"}}}]
    assert [one["CapacityUnits"] for one in answer["ConsumedCapacity"]] == [2.0, 2.0]


def test_a_key_of_another_shape_cancels(aws: Aws, notes: str) -> None:
    """It is a reason of its own, beside those of the other gets."""
    good: Any = {"Get": {"TableName": notes, "Key": {"h": {"S": "a"}, "r": {"N": "1"}}}}
    bad: Any = {"Get": {"TableName": notes, "Key": {"h": {"S": "a"}}}}
    with pytest.raises(ClientError) as caught:
        aws.client("dynamodb").transact_get_items(TransactItems=[good, bad])
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    response: Any = caught.value.response
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ValidationError",
            "Message": "The provided key element does not match the schema",
        },
    ]


def test_an_item_cannot_be_got_twice(aws: Aws, notes: str) -> None:
    """One operation for each item."""
    get: Any = {"Get": {"TableName": notes, "Key": {"h": {"S": "a"}, "r": {"N": "1"}}}}
    with refused("ValidationException", "cannot include multiple operations on one item"):
        aws.client("dynamodb").transact_get_items(TransactItems=[get, get])
