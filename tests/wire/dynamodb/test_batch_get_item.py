"""BatchGetItem."""

from typing import Any

from aws_refusals import refused
from in_process import Aws


def test_items_of_several_tables(aws: Aws, locks: str, notes: str) -> None:
    """Missing ones are left out."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "x": {"S": "1"}})
    aws.dynamodb.put_item(TableName=notes, Item={"h": {"S": "a"}, "r": {"N": "1"}})
    answer = aws.dynamodb.batch_get_item(
        RequestItems={
            locks: {
                "Keys": [{"LockID": {"S": "a"}}, {"LockID": {"S": "b"}}],
                "ProjectionExpression": "#x",
                "ExpressionAttributeNames": {"#x": "x"},
            },
            notes: {"Keys": [{"h": {"S": "a"}, "r": {"N": "1.0"}}], "ConsistentRead": True},
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == {
        locks: [{"x": {"S": "1"}}],
        notes: [{"h": {"S": "a"}, "r": {"N": "1"}}],
    }
    assert answer["UnprocessedKeys"] == {}
    units = {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]}
    assert units == {locks: 1.0, notes: 1.0}


def test_what_does_not_fit_comes_back(aws: Aws, notes: str) -> None:
    """Sixteen megabytes at a time, and the rest on asking again."""
    keys: list[Any] = [{"h": {"S": "a"}, "r": {"N": str(number)}} for number in range(45)]
    for key in keys:
        aws.dynamodb.put_item(TableName=notes, Item={**key, "v": {"B": b"x" * 390_000}})
    found = 0
    request: Any = {notes: {"Keys": keys}}
    rounds = 0
    while request:
        answer = aws.dynamodb.batch_get_item(RequestItems=request)
        found += len(answer["Responses"][notes])
        request = answer["UnprocessedKeys"]
        rounds += 1
    assert (found, rounds) == (45, 2)


def test_improper_batches_are_refused(aws: Aws, locks: str) -> None:
    """Too many keys, the same key twice, no keys."""
    client = aws.client("dynamodb")
    key = {"LockID": {"S": "a"}}
    with refused("ValidationException", "Provided list of item keys contains duplicates"):
        client.batch_get_item(RequestItems={locks: {"Keys": [key, key]}})
    many = [{"LockID": {"S": str(number)}} for number in range(101)]
    with refused("ValidationException"):
        client.batch_get_item(RequestItems={locks: {"Keys": many}})
    with refused("ResourceNotFoundException"):
        client.batch_get_item(RequestItems={"none": {"Keys": [key]}})
