"""TransactGetItems."""

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


def test_a_key_of_another_shape_is_refused(aws: Aws, notes: str) -> None:
    """As in GetItem."""
    with refused("ValidationException", "does not match the schema"):
        aws.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": notes, "Key": {"h": {"S": "a"}}}}]
        )
