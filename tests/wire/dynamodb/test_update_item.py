"""UpdateItem."""

from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws

KEY: dict[str, Any] = {"LockID": {"S": "a"}}


def test_an_update_makes_a_missing_item(aws: Aws, locks: str) -> None:
    """Even one that sets nothing."""
    aws.dynamodb.update_item(TableName=locks, Key=KEY)
    assert aws.dynamodb.get_item(TableName=locks, Key=KEY)["Item"] == KEY


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", {**KEY, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}),
        ("ALL_NEW", {**KEY, "n": {"N": "3"}, "m": {"M": {"x": {"N": "5"}, "y": {"N": "2"}}}}),
        ("UPDATED_OLD", {"n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}}}}),
        ("UPDATED_NEW", {"n": {"N": "3"}, "m": {"M": {"x": {"N": "5"}}}}),
    ],
)
def test_return_values(aws: Aws, locks: str, returns: Any, expected: Any) -> None:
    """All of the item or only what the expression touches, before or after."""
    aws.dynamodb.put_item(
        TableName=locks,
        Item={**KEY, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}},
    )
    answer = aws.dynamodb.update_item(
        TableName=locks,
        Key=KEY,
        UpdateExpression="SET n = n + :two, m.x = :five",
        ExpressionAttributeValues={":two": {"N": "2"}, ":five": {"N": "5"}},
        ReturnValues=returns,
    )
    assert answer.get("Attributes") == expected


def test_nothing_old_to_return(aws: Aws, locks: str) -> None:
    """A new item has no old attributes."""
    answer = aws.dynamodb.update_item(
        TableName=locks,
        Key=KEY,
        UpdateExpression="SET n = :v",
        ExpressionAttributeValues={":v": {"N": "2"}},
        ReturnValues="UPDATED_OLD",
    )
    assert "Attributes" not in answer


def test_a_condition_guards_the_update(aws: Aws, locks: str) -> None:
    """It sees the item before, and nothing changes when it fails."""
    request: dict[str, Any] = {
        "TableName": locks,
        "Key": KEY,
        "UpdateExpression": "ADD n :one",
        "ConditionExpression": "attribute_not_exists(n) OR n < :max",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":max": {"N": "2"}},
    }
    aws.dynamodb.update_item(**request)
    aws.dynamodb.update_item(**request)
    with refused("ConditionalCheckFailedException"):
        aws.dynamodb.update_item(**request)
    assert aws.dynamodb.get_item(TableName=locks, Key=KEY)["Item"]["n"] == {"N": "2"}


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        (
            "SET LockID = :v",
            {":v": {"S": "x"}},
            "Cannot update attribute LockID. This attribute is part of the key",
        ),
        ("REMOVE LockID", {}, "Cannot update attribute LockID. This attribute is part of the key"),
        ("SET n = m", {}, "The provided expression refers to an attribute that does not exist"),
        (
            "SET big = :v",
            {":v": {"S": "x" * 400 * 1024}},
            "Item size to update has exceeded the maximum allowed size",
        ),
        ("SET n = :v, n = :v", {":v": {"S": "x"}}, "Two document paths overlap with each other"),
    ],
)
def test_improper_updates_are_refused(
    aws: Aws, locks: str, expression: str, values: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message, and the item stays away."""
    request: dict[str, Any] = {"TableName": locks, "Key": KEY, "UpdateExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    with refused("ValidationException", message):
        aws.dynamodb.update_item(**request)
    assert "Item" not in aws.dynamodb.get_item(TableName=locks, Key=KEY)
