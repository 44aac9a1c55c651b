"""Many clients want one lock: there is never more than one holder, and everyone gets it."""

from typing import Any

import pytest

from contenders import LOST, MORE, Guarded, at_once, outcome, until_won
from server_actors import BUCKET, TABLE, Clients

CLIENTS = 32


def test_a_lock_item_has_one_holder(aws: Clients) -> None:
    """32 clients take it with a condition and delete it; a counter that only it guards is exact."""
    guarded = Guarded()
    lock: Any = {"LockID": {"S": "contended"}}

    def take(who: int) -> bool:
        code = outcome(
            lambda: aws.dynamodb.put_item(
                TableName=TABLE,
                Item={**lock, "Info": {"S": str(who)}},
                ConditionExpression="attribute_not_exists(LockID)",
            )
        )
        assert code in ("", "ConditionalCheckFailedException")
        return not code

    def hold(who: int) -> None:
        for _ in range(MORE):
            until_won(lambda: take(who))
            found = aws.dynamodb.get_item(TableName=TABLE, Key=lock, ConsistentRead=True)["Item"]
            assert found["Info"] == {"S": str(who)}
            guarded.use(who)
            aws.dynamodb.delete_item(TableName=TABLE, Key=lock)

    at_once(CLIENTS, hold)

    assert guarded.count == CLIENTS * MORE
    assert "Item" not in aws.dynamodb.get_item(TableName=TABLE, Key=lock)


@pytest.mark.parametrize("bucket", [BUCKET, "unversioned-locks"])
def test_a_lock_file_has_one_holder(aws: Clients, bucket: str) -> None:
    """The same with If-None-Match: * and DELETE, with delete markers and without."""
    if bucket != BUCKET:
        aws.s3.create_bucket(Bucket=bucket)
    guarded = Guarded()
    named: Any = {"Bucket": bucket, "Key": "contended.tflock"}

    def take(who: int) -> bool:
        code = outcome(lambda: aws.s3.put_object(**named, Body=str(who).encode(), IfNoneMatch="*"))
        assert code in LOST or not code
        return not code

    def hold(who: int) -> None:
        for _ in range(MORE):
            until_won(lambda: take(who))
            assert aws.s3.get_object(**named)["Body"].read() == str(who).encode()
            guarded.use(who)
            aws.s3.delete_object(**named)

    at_once(CLIENTS // 2, hold)

    assert guarded.count == CLIENTS // 2 * MORE
    assert outcome(lambda: aws.s3.head_object(**named)) == "404"


def test_of_all_first_takers_one_wins(aws: Clients) -> None:
    """32 clients send one conditional put each: one is answered with success."""
    codes = at_once(
        CLIENTS,
        lambda who: outcome(
            lambda: aws.s3.put_object(
                Bucket=BUCKET, Key="once", Body=str(who).encode(), IfNoneMatch="*"
            )
        ),
    )

    assert codes.count("") == 1
    versions = aws.s3.list_object_versions(Bucket=BUCKET, Prefix="once")["Versions"]
    assert len(versions) == 1
    assert (
        aws.s3.get_object(Bucket=BUCKET, Key="once")["Body"].read() == str(codes.index("")).encode()
    )
