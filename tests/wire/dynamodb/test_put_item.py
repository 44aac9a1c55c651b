"""PutItem."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_refusals import refused
from in_process import Aws

INFO = '{"ID":"8b0f","Operation":"OperationTypeApply","Info":"","Who":"ä@h","Path":"b/k"}'
LOCK: dict[str, Any] = {"LockID": {"S": "b/k"}, "Info": {"S": INFO}}


def test_terraform_takes_a_lock_once(aws: Aws, locks: str) -> None:
    """The second taker is refused as Terraform expects, and nothing changes."""
    take: dict[str, Any] = {
        "TableName": locks,
        "ConditionExpression": "attribute_not_exists(LockID)",
    }
    aws.dynamodb.put_item(Item=LOCK, **take)
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        aws.dynamodb.put_item(Item={**LOCK, "Info": {"S": "other"}}, **take)
    found = aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "b/k"}})
    assert found["Item"] == LOCK


def test_the_refused_learns_who_holds_the_lock(aws: Aws, locks: str) -> None:
    """With ReturnValuesOnConditionCheckFailure the item is in the error, binary values too."""
    held = {**LOCK, "raw": {"B": b"\x00\xff"}}
    aws.dynamodb.put_item(TableName=locks, Item=held)
    with pytest.raises(ClientError) as caught:
        aws.dynamodb.put_item(
            TableName=locks,
            Item=LOCK,
            ConditionExpression="attribute_not_exists(LockID)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    response: Any = caught.value.response
    assert response["Item"] == held


def test_a_put_replaces_the_whole_item(aws: Aws, locks: str) -> None:
    """The old one comes back if wanted."""
    aws.dynamodb.put_item(TableName=locks, Item=LOCK)
    answer = aws.dynamodb.put_item(
        TableName=locks, Item={"LockID": {"S": "b/k"}, "Digest": {"S": "0"}}, ReturnValues="ALL_OLD"
    )
    assert answer["Attributes"] == LOCK
    found = aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "b/k"}})["Item"]
    assert found == {"LockID": {"S": "b/k"}, "Digest": {"S": "0"}}


def test_every_type_comes_back_as_it_went(aws: Aws, locks: str) -> None:
    """Numbers in canonical form, everything else byte for byte."""
    item: dict[str, Any] = {
        "LockID": {"S": "types"},
        "s": {"S": " \u0000é\U0001f512 "},
        "empty": {"S": ""},
        "b": {"B": bytes(range(256))},
        "n": {"N": "-12345678901234567890.123456789012345678"},
        "bool": {"BOOL": False},
        "null": {"NULL": True},
        "ss": {"SS": ["b", "a"]},
        "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": [b"a", b""]},
        "l": {"L": [{"S": "x"}, {"L": []}, {"M": {}}]},
        "m": {"M": {"k.with #odd:": {"N": "0"}}},
    }
    aws.dynamodb.put_item(TableName=locks, Item=item)
    found = aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "types"}})
    assert found["Item"] == item


def test_a_number_comes_back_plain(aws: Aws, locks: str) -> None:
    """Whatever form it came in."""
    aws.dynamodb.put_item(
        TableName=locks, Item={"LockID": {"S": "n"}, "n": {"N": "1E+2"}, "z": {"N": "-0.0"}}
    )
    found = aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "n"}})["Item"]
    assert (found["n"], found["z"]) == ({"N": "100"}, {"N": "0"})


def test_an_item_may_have_four_hundred_kilobytes(aws: Aws, locks: str) -> None:
    """Names included, and not one byte more."""
    room = 400 * 1024 - len("LockID" + "a" + "v")
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "v": {"S": "x" * room}})
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        aws.dynamodb.put_item(
            TableName=locks, Item={"LockID": {"S": "a"}, "v": {"S": "x" * (room + 1)}}
        )


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"Info": {"S": "x"}}, "Missing the key LockID in the item"),
        ({"LockID": {"N": "1"}}, "Type mismatch for key LockID expected: S actual: N"),
        ({"LockID": {"S": ""}}, "cannot contain an empty string value. Key: LockID"),
        ({"LockID": {"S": "a"}, "x": {"N": "1x"}}, "cannot be converted to a numeric value: 1x"),
        ({"LockID": {"S": "a"}, "x": {"SS": []}}, "An string set  may not be empty"),
        ({"LockID": {"S": "a"}, "x": {}}, "Supplied AttributeValue is empty"),
    ],
)
def test_improper_items_are_refused(
    aws: Aws, locks: str, item: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with refused("ValidationException", message):
        aws.dynamodb.put_item(TableName=locks, Item=item)


def test_capacity_is_the_larger_of_old_and_new(aws: Aws, locks: str) -> None:
    """One unit for each kilobyte begun."""
    item: dict[str, Any] = {"LockID": {"S": "a"}, "v": {"S": "x" * 3000}}
    first = aws.dynamodb.put_item(TableName=locks, Item=item, ReturnConsumedCapacity="TOTAL")
    assert first["ConsumedCapacity"] == {"TableName": locks, "CapacityUnits": 3.0}
    second = aws.dynamodb.put_item(
        TableName=locks, Item={"LockID": {"S": "a"}}, ReturnConsumedCapacity="INDEXES"
    )
    assert second["ConsumedCapacity"] == {
        "TableName": locks,
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 3.0},
    }


def test_other_return_values_are_refused(aws: Aws, locks: str) -> None:
    """PutItem knows the old item only."""
    with refused("ValidationException", "ReturnValues can only be ALL_OLD or NONE"):
        aws.dynamodb.put_item(TableName=locks, Item=LOCK, ReturnValues="ALL_NEW")


def test_the_legacy_condition_is_refused_by_name(aws: Aws, locks: str) -> None:
    """Rather than ignored, which would break a lock."""
    with refused("ValidationException", "The legacy parameter Expected is not supported"):
        aws.dynamodb.put_item(TableName=locks, Item=LOCK, Expected={"LockID": {"Exists": False}})


def test_an_unknown_table_is_refused(aws: Aws) -> None:
    """With AWS's code."""
    with refused("ResourceNotFoundException", "Requested resource not found"):
        aws.dynamodb.put_item(TableName="none", Item=LOCK)
