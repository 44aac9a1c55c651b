"""Read, change, write from many clients: no update is lost."""

from typing import Any

from botocore.exceptions import ClientError

from contenders import LOST, MORE, at_once, outcome, until_won
from server_actors import BUCKET, TABLE, Clients, code_of

CLIENTS = 16


def test_compare_and_swap_on_an_object_loses_nothing(aws: Clients) -> None:
    """Increments under If-Match add up, and each made one version."""
    named: Any = {"Bucket": BUCKET, "Key": "counter"}
    aws.s3.put_object(**named, Body=b"0")
    times = 2 * MORE

    def increment() -> bool:
        got = aws.s3.get_object(**named)
        following = str(int(got["Body"].read()) + 1).encode()
        code = outcome(lambda: aws.s3.put_object(**named, Body=following, IfMatch=got["ETag"]))
        assert code in LOST or not code
        return not code

    def count(_: int) -> None:
        for _ in range(times):
            until_won(increment)

    at_once(CLIENTS, count)

    assert aws.s3.get_object(**named)["Body"].read() == str(CLIENTS * times).encode()
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix="counter")
    versions = [version for page in pages for version in page["Versions"]]
    assert len(versions) == CLIENTS * times + 1
    assert [version["IsLatest"] for version in versions] == [True] + [False] * CLIENTS * times


def test_add_is_exact(aws: Clients) -> None:
    """UpdateItem with ADD counts every call once, and returns every value once."""
    key: Any = {"LockID": {"S": "add"}}

    def add(_: int) -> list[int]:
        return [
            int(
                aws.dynamodb.update_item(
                    TableName=TABLE,
                    Key=key,
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                    ReturnValues="UPDATED_NEW",
                )["Attributes"]["n"]["N"]
            )
            for _ in range(10 * MORE)
        ]

    seen = at_once(CLIENTS, add)

    assert sorted(n for found in seen for n in found) == list(range(1, CLIENTS * 10 * MORE + 1))


def test_transactions_keep_a_sum(aws: Clients) -> None:
    """Money moves between two accounts by condition; none is made, none is lost, readers agree."""
    total = 100
    for name, amount in (("purse-a", total), ("purse-b", 0)):
        item: Any = {"LockID": {"S": name}, "n": {"N": str(amount)}}
        aws.dynamodb.put_item(TableName=TABLE, Item=item)

    def change(name: str, by: int) -> Any:
        return {
            "Update": {
                "TableName": TABLE,
                "Key": {"LockID": {"S": name}},
                "UpdateExpression": "SET n = n + :by",
                "ConditionExpression": "n >= :least",
                "ExpressionAttributeValues": {
                    ":by": {"N": str(by)},
                    ":least": {"N": str(max(-by, 0))},
                },
            }
        }

    def move(who: int) -> int:
        one, other = ("purse-a", "purse-b") if who % 2 else ("purse-b", "purse-a")
        moved = 0
        for _ in range(6 * MORE):
            items = [change(one, -7), change(other, 7)]
            try:
                aws.dynamodb.transact_write_items(TransactItems=items)
                moved += 1
            except ClientError as error:
                assert code_of(error) == "TransactionCanceledException"  # noqa: PT017 (both may be)
            assert sum(_purses(aws)) == total
        return moved if who % 2 else -moved

    moved = sum(at_once(CLIENTS // 2, move))

    assert _purses(aws) == [total - 7 * moved, 7 * moved]


def _purses(aws: Clients) -> list[int]:
    keys = [{"LockID": {"S": name}} for name in ("purse-a", "purse-b")]
    gets: Any = [{"Get": {"TableName": TABLE, "Key": key}} for key in keys]
    found = aws.dynamodb.transact_get_items(TransactItems=gets)["Responses"]
    return [int(response["Item"]["n"]["N"]) for response in found]
