"""TransactWriteItems."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_refusals import refused
from holdfast.engine.records import ClientToken
from holdfast.server.dynamodb.client_tokens import forget_tokens
from in_process import Aws


def key(name: str) -> dict[str, Any]:
    """Return the key of a lock."""
    return {"LockID": {"S": name}}


def put(table: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a Put of a lock."""
    return {"Put": {"TableName": table, "Item": key(name), **more}}


def count(table: str, name: str) -> dict[str, Any]:
    """Return an Update that counts."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(name),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def names(aws: Aws, table: str) -> list[str]:
    """Return the hash keys in a table."""
    items: Any = aws.dynamodb.scan(TableName=table)["Items"]
    return [item["LockID"]["S"] for item in items]


def write(aws: Aws, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Send a transaction."""
    answer: Any = aws.client("dynamodb").transact_write_items(TransactItems=list(actions), **more)
    return dict(answer)


def test_all_kinds_of_actions_happen_together(aws: Aws, locks: str) -> None:
    """Put, update, delete and check; each costs double."""
    aws.dynamodb.put_item(TableName=locks, Item=key("old"))
    answer = write(
        aws,
        put(locks, "new"),
        count(locks, "counted"),
        {"Delete": {"TableName": locks, "Key": key("old")}},
        {
            "ConditionCheck": {
                "TableName": locks,
                "Key": key("none"),
                "ConditionExpression": "attribute_not_exists(LockID)",
            }
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert names(aws, locks) == ["counted", "new"]
    assert answer["ConsumedCapacity"] == [
        {"TableName": locks, "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}
    ]


def test_one_failed_condition_cancels_all(aws: Aws, locks: str) -> None:
    """Each action has its reason, with the item if it is wanted."""
    held = {**key("held"), "raw": {"B": b"\x00\xff"}}
    aws.dynamodb.put_item(TableName=locks, Item=held)
    with pytest.raises(ClientError) as caught:
        write(
            aws,
            put(locks, "new"),
            put(
                locks,
                "held",
                ConditionExpression="attribute_not_exists(LockID)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            ),
        )
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed]"
    )
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": held,
        },
    ]
    assert names(aws, locks) == ["held"]


def test_an_update_that_does_not_fit_cancels_all(aws: Aws, locks: str) -> None:
    """What shows only with the item is a reason, too."""
    aws.dynamodb.put_item(TableName=locks, Item={**key("text"), "n": {"S": "x"}})
    with refused("TransactionCanceledException", "[None, ValidationError]"):
        write(aws, put(locks, "new"), count(locks, "text"))
    assert names(aws, locks) == ["text"]


def test_the_same_token_writes_once(aws: Aws, locks: str) -> None:
    """A client that repeats its request is answered, and nothing is written again."""
    for _ in range(2):
        write(aws, count(locks, "a"), ClientRequestToken="token-1")
    item: Any = aws.dynamodb.get_item(TableName=locks, Key=key("a"))["Item"]
    assert item["n"] == {"N": "1"}
    with refused("IdempotentParameterMismatchException"):
        write(aws, count(locks, "b"), ClientRequestToken="token-1")


def test_a_repetition_costs_what_reading_costs(aws: Aws, locks: str) -> None:
    """Two read units for each item of up to 4 KB."""
    for unit in ("WriteCapacityUnits", "ReadCapacityUnits"):
        answer = write(
            aws,
            count(locks, "a"),
            put(locks, "b"),
            ClientRequestToken="token-1",
            ReturnConsumedCapacity="TOTAL",
        )
        assert answer["ConsumedCapacity"] == [{"TableName": locks, "CapacityUnits": 4.0, unit: 4.0}]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            {"Put": {"Item": {"LockID": {"N": "5"}}}},
            (
                "One or more parameter values were invalid: "
                "Type mismatch for key LockID expected: S actual: N"
            ),
        ),
        (
            {"Delete": {"Key": {"LockID": {"N": "5"}}}},
            "The provided key element does not match the schema",
        ),
        (
            {
                "Update": {
                    "Key": key("a"),
                    "UpdateExpression": "SET LockID = :v",
                    "ExpressionAttributeValues": {":v": {"S": "b"}},
                }
            },
            (
                "One or more parameter values were invalid: Cannot update attribute LockID. "
                "This attribute is part of the key"
            ),
        ),
    ],
)
def test_a_key_that_does_not_fit_the_table_cancels(
    aws: Aws, locks: str, action: dict[str, Any], message: str
) -> None:
    """It is the action's reason; a key that is empty is an error of the request."""
    ((kind, request),) = action.items()
    with pytest.raises(ClientError) as caught:
        write(aws, put(locks, "new"), {kind: {"TableName": locks, **request}})
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": message},
    ]
    assert names(aws, locks) == []
    with refused("ValidationException", "cannot contain an empty string value. Key: LockID"):
        write(aws, put(locks, ""))


def test_a_token_counts_for_ten_minutes(aws: Aws, locks: str) -> None:
    """After them it is a new request, and forgotten in the background."""
    write(aws, count(locks, "a"), ClientRequestToken="token-1")
    aws.clock.advance(600)
    write(aws, count(locks, "a"), ClientRequestToken="token-1")
    item: Any = aws.dynamodb.get_item(TableName=locks, Key=key("a"))["Item"]
    assert item["n"] == {"N": "2"}
    assert forget_tokens(aws.engine, aws.clock()) == 0
    aws.clock.advance(601)
    assert forget_tokens(aws.engine, aws.clock()) == 1
    assert aws.engine.view(lambda tx: list(tx.scan(ClientToken))) == []


def test_a_cancelled_transaction_leaves_no_token(aws: Aws, locks: str) -> None:
    """It may be tried again with the same token."""
    guarded = put(locks, "a", ConditionExpression="attribute_exists(LockID)")
    for _ in range(2):
        with refused("TransactionCanceledException"):
            write(aws, guarded, ClientRequestToken="token-1")


def test_improper_transactions_are_refused(aws: Aws, locks: str) -> None:
    """The same item twice, too many actions, an unknown table."""
    with refused("ValidationException", "cannot include multiple operations on one item"):
        write(aws, put(locks, "a"), count(locks, "a"))
    with refused("ValidationException"):
        write(aws, *(put(locks, str(number)) for number in range(101)))
    with refused("ResourceNotFoundException"):
        write(aws, put("none", "a"))
    assert names(aws, locks) == []
