"""DeleteItem."""

import pytest
from botocore.exceptions import ClientError

from aws_refusals import refused
from in_process import Aws

KEY = {"LockID": {"S": "b/k"}}
INFO = '{"ID":"1","Who":"é"}'


def test_terraform_releases_a_lock(aws: Aws, locks: str) -> None:
    """Without condition; again is no error."""
    aws.dynamodb.put_item(TableName=locks, Item={**KEY, "Info": {"S": INFO}})
    aws.dynamodb.delete_item(TableName=locks, Key=KEY)
    aws.dynamodb.delete_item(TableName=locks, Key=KEY)
    assert "Item" not in aws.dynamodb.get_item(TableName=locks, Key=KEY)


def test_opentofu_releases_only_the_lock_it_knows(aws: Aws, locks: str) -> None:
    """`Info = :info` compares byte for byte."""
    aws.dynamodb.put_item(TableName=locks, Item={**KEY, "Info": {"S": INFO}})
    client = aws.client("dynamodb")
    request = {"TableName": locks, "Key": KEY, "ConditionExpression": "Info = :info"}
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        client.delete_item(**request, ExpressionAttributeValues={":info": {"S": INFO + " "}})
    client.delete_item(**request, ExpressionAttributeValues={":info": {"S": INFO}})
    with refused("ConditionalCheckFailedException"):
        client.delete_item(**request, ExpressionAttributeValues={":info": {"S": INFO}})


def test_the_deleted_item_comes_back_if_wanted(aws: Aws, locks: str) -> None:
    """And nothing when there was none."""
    item = {**KEY, "Info": {"S": INFO}}
    aws.dynamodb.put_item(TableName=locks, Item=item)
    gone = aws.dynamodb.delete_item(
        TableName=locks, Key=KEY, ReturnValues="ALL_OLD", ReturnConsumedCapacity="TOTAL"
    )
    assert gone["Attributes"] == item
    assert gone["ConsumedCapacity"]["CapacityUnits"] == 1.0
    again = aws.dynamodb.delete_item(TableName=locks, Key=KEY, ReturnValues="ALL_OLD")
    assert "Attributes" not in again


def test_a_failed_condition_can_return_the_item(aws: Aws, locks: str) -> None:
    """As PutItem does."""
    item = {**KEY, "Info": {"S": INFO}}
    aws.dynamodb.put_item(TableName=locks, Item=item)
    with pytest.raises(ClientError) as caught:
        aws.dynamodb.delete_item(
            TableName=locks,
            Key=KEY,
            ConditionExpression="attribute_not_exists(Info)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert dict(caught.value.response)["Item"] == item
