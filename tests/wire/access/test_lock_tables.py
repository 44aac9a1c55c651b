"""A lock table of one's own is no way to the locks of states that one has no right to."""

from typing import Any

import pytest

from holdfast.engine.state_records import State
from in_process import ACCOUNT, REGION, Aws
from lockers import BUCKET, KEY, LOCK_ID, TABLE, Locker, prepare
from somebody import Somebody, allow

OWN = "their-locks"
TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"


@pytest.fixture
def stranger(aws: Aws) -> Somebody:
    """Somebody who may do everything with a table, and nothing with the state."""
    prepare(aws)
    aws.dynamodb.create_table(
        TableName=OWN,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return Somebody(aws, "mallory", allow("dynamodb:*", TABLES + OWN))


def state(aws: Aws) -> State | None:
    """Return what is known of the state."""
    return aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY))


def item(locker: Locker) -> dict[str, Any]:
    """Return a lock item."""
    return {"LockID": {"S": LOCK_ID}, "Info": {"S": locker.document.decode()}}


def test_it_locks_nobody_out(aws: Aws, stranger: Somebody) -> None:
    """What is written there is an item, and no lock."""
    theirs = item(Locker(aws, "dynamodb", "mallory@away"))
    stranger.client("dynamodb").put_item(TableName=OWN, Item=theirs)
    holder = Locker(aws, "dynamodb")
    holder.lock()
    holder.release()


def test_it_shows_no_lock(aws: Aws, stranger: Somebody) -> None:
    """That somebody locks such a state is nothing to be told of."""
    Locker(aws, "dynamodb").lock()
    found = stranger.client("dynamodb").get_item(TableName=OWN, Key={"LockID": {"S": LOCK_ID}})
    assert "Item" not in found


def test_it_breaks_no_lock(aws: Aws, stranger: Somebody) -> None:
    """Deleting the item deletes an item, with a condition and without."""
    holder = Locker(aws, "dynamodb")
    holder.lock()
    client = stranger.client("dynamodb")
    client.delete_item(TableName=OWN, Key={"LockID": {"S": LOCK_ID}})
    client.put_item(TableName=OWN, Item=item(Locker(aws, "dynamodb")))
    client.delete_item(
        TableName=OWN,
        Key={"LockID": {"S": LOCK_ID}},
        ConditionExpression="attribute_exists(LockID)",
    )
    holder.release()


def test_no_digest_comes_to_it(aws: Aws, stranger: Somebody) -> None:
    """Whose MD5 would say when the state changes."""
    digest = {"LockID": {"S": f"{LOCK_ID}-md5"}, "Digest": {"S": "0" * 32}}
    stranger.client("dynamodb").put_item(TableName=OWN, Item=digest)
    found = state(aws)
    assert found is None or OWN not in found.tables


def test_who_may_write_the_state_makes_a_table_count(aws: Aws, stranger: Somebody) -> None:
    """From then on it is a place of its lock for whoever may write there."""
    writer = Somebody(
        aws,
        "ann",
        allow("dynamodb:*", TABLES + TABLE),
        allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*"),
    )
    key = {
        "aws_access_key_id": writer.key.access_key_id,
        "aws_secret_access_key": writer.key.secret,
    }
    Locker(aws, "dynamodb", **key).lock()
    found = state(aws)
    assert found is not None
    assert found.tables == (TABLE,)
    planner = Somebody(aws, "bob", allow("dynamodb:*", TABLES + TABLE))
    with pytest.raises(planner.client("dynamodb").exceptions.ConditionalCheckFailedException):
        planner.client("dynamodb").put_item(
            TableName=TABLE,
            Item=item(Locker(aws, "dynamodb")),
            ConditionExpression="attribute_not_exists(LockID)",
        )
    assert Locker(aws, "lockfile").refused()
