"""GetItem."""

from aws_refusals import refused
from in_process import Aws


def test_terraform_reads_who_holds_the_lock(aws: Aws, locks: str) -> None:
    """With the projection that Terraform sends."""
    lock = {"LockID": {"S": "b/k"}, "Info": {"S": '{"ID":"1"}'}}
    aws.dynamodb.put_item(TableName=locks, Item={**lock, "more": {"S": "x"}})
    found = aws.dynamodb.get_item(
        TableName=locks,
        Key={"LockID": {"S": "b/k"}},
        ProjectionExpression="LockID, Info",
        ConsistentRead=True,
    )
    assert found["Item"] == lock


def test_a_missing_item_is_an_empty_answer(aws: Aws, locks: str) -> None:
    """No Item member at all."""
    found = aws.dynamodb.get_item(
        TableName=locks, Key={"LockID": {"S": "b/k"}}, ProjectionExpression="LockID, Digest"
    )
    assert "Item" not in found


def test_a_projection_of_nothing_is_an_empty_item(aws: Aws, locks: str) -> None:
    """The item is there, the attribute is not."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}})
    found = aws.dynamodb.get_item(
        TableName=locks, Key={"LockID": {"S": "a"}}, ProjectionExpression="Digest"
    )
    assert found["Item"] == {}


def test_names_reach_into_documents(aws: Aws, locks: str) -> None:
    """Reserved words and list elements."""
    aws.dynamodb.put_item(
        TableName=locks,
        Item={"LockID": {"S": "a"}, "data": {"L": [{"N": "0"}, {"M": {"x": {"N": "1"}}}]}},
    )
    found = aws.dynamodb.get_item(
        TableName=locks,
        Key={"LockID": {"S": "a"}},
        ProjectionExpression="#d[1].x",
        ExpressionAttributeNames={"#d": "data"},
    )
    assert found["Item"] == {"data": {"L": [{"M": {"x": {"N": "1"}}}]}}


def test_capacity_counts_four_kilobytes_and_halves(aws: Aws, locks: str) -> None:
    """Consistent reads cost a unit for each 4 KB begun, others half."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "v": {"S": "x" * 5000}})
    key = {"LockID": {"S": "a"}}
    strong = aws.dynamodb.get_item(
        TableName=locks, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
    )
    weak = aws.dynamodb.get_item(TableName=locks, Key=key, ReturnConsumedCapacity="TOTAL")
    assert strong["ConsumedCapacity"]["CapacityUnits"] == 2.0
    assert weak["ConsumedCapacity"]["CapacityUnits"] == 1.0


def test_a_key_of_another_shape_is_refused(aws: Aws, locks: str) -> None:
    """Name and type must be the table's."""
    for key in ({"Other": {"S": "a"}}, {"LockID": {"N": "1"}}):
        with refused("ValidationException", "The provided key element does not match the schema"):
            aws.client("dynamodb").get_item(TableName=locks, Key=key)


def test_the_legacy_projection_is_refused_by_name(aws: Aws, locks: str) -> None:
    """With the parameter that replaced it."""
    with refused("ValidationException", "AttributesToGet is not supported here"):
        aws.dynamodb.get_item(
            TableName=locks, Key={"LockID": {"S": "a"}}, AttributesToGet=["LockID"]
        )
