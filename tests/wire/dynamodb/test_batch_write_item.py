"""BatchWriteItem."""

from typing import Any

from aws_refusals import refused
from in_process import Aws


def put(name: str) -> dict[str, Any]:
    """Return a request to put an item."""
    return {"PutRequest": {"Item": {"LockID": {"S": name}}}}


def delete(name: str) -> dict[str, Any]:
    """Return a request to delete an item."""
    return {"DeleteRequest": {"Key": {"LockID": {"S": name}}}}


def names(aws: Aws, table: str) -> list[str]:
    """Return the hash keys in a table."""
    items: Any = aws.dynamodb.scan(TableName=table)["Items"]
    return [item["LockID"]["S"] for item in items]


def test_puts_and_deletes_go_together(aws: Aws, locks: str) -> None:
    """Everything is processed."""
    client = aws.client("dynamodb")
    client.batch_write_item(RequestItems={locks: [put("a"), put("b")]})
    answer = client.batch_write_item(
        RequestItems={locks: [delete("a"), put("c"), delete("none")]},
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["UnprocessedItems"] == {}
    assert answer["ConsumedCapacity"] == [{"TableName": locks, "CapacityUnits": 3.0}]
    assert names(aws, locks) == ["b", "c"]


def test_improper_batches_change_nothing(aws: Aws, locks: str) -> None:
    """Too many, the same item twice, an item that is none."""
    client = aws.client("dynamodb")
    with refused("ValidationException", "Provided list of item keys contains duplicates"):
        client.batch_write_item(RequestItems={locks: [put("a"), delete("a")]})
    many = [put(str(number)) for number in range(26)]
    with refused("ValidationException"):
        client.batch_write_item(RequestItems={locks: many})
    bad = {"PutRequest": {"Item": {"other": {"S": "x"}}}}
    with refused("ValidationException", "The provided key element does not match the schema"):
        client.batch_write_item(RequestItems={locks: [put("a"), bad]})
    assert names(aws, locks) == []
