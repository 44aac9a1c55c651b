"""UpdateTimeToLive, DescribeTimeToLive, and the removal of what has ended."""

from typing import Any

import pytest

from aws_refusals import refused
from holdfast.engine.records import Expiry
from holdfast.server.dynamodb import item_ends
from holdfast.server.dynamodb.item_ends import settle_item_ends
from holdfast.server.dynamodb.ttl import expire_items
from holdfast.server.dynamodb.verify import verify_tables
from holdfast.server.problem import Problem, Unopened
from in_process import Aws


def enable(aws: Aws, table: str, attribute: str = "ends") -> None:
    """Let items end at what an attribute says."""
    aws.dynamodb.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
    )


def put(aws: Aws, table: str, name: str, ends: Any) -> None:
    """Put an item that ends at a second, or has some other value there."""
    value = {"N": str(ends)} if isinstance(ends, int | float) else ends
    aws.dynamodb.put_item(TableName=table, Item={"LockID": {"S": name}, "ends": value})


def names(aws: Aws, table: str) -> list[str]:
    """Return the hash keys in a table."""
    items: Any = aws.dynamodb.scan(TableName=table)["Items"]
    return [item["LockID"]["S"] for item in items]


def now(aws: Aws) -> int:
    """Return the server's second."""
    return int(aws.clock().timestamp())


def test_it_is_off_then_on_then_off(aws: Aws, locks: str) -> None:
    """And says so, as the AWS provider expects."""
    described = aws.dynamodb.describe_time_to_live(TableName=locks)
    assert described["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    enable(aws, locks)
    described = aws.dynamodb.describe_time_to_live(TableName=locks)
    assert described["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "ends",
    }
    with refused("ValidationException", "TimeToLive is already enabled"):
        enable(aws, locks)
    client = aws.client("dynamodb")
    off = {"Enabled": False, "AttributeName": "ends"}
    with refused("ValidationException", "TimeToLive is active on a different AttributeName"):
        client.update_time_to_live(
            TableName=locks, TimeToLiveSpecification={**off, "AttributeName": "other"}
        )
    client.update_time_to_live(TableName=locks, TimeToLiveSpecification=off)
    with refused("ValidationException", "TimeToLive is already disabled"):
        client.update_time_to_live(TableName=locks, TimeToLiveSpecification=off)


def test_items_that_have_ended_go(aws: Aws, locks: str) -> None:
    """Those from before it was on, too; text, no value and long ago do not count."""
    put(aws, locks, "before", now(aws) + 10)
    enable(aws, locks)
    put(aws, locks, "after", now(aws) + 10.5)
    put(aws, locks, "later", now(aws) + 1000)
    put(aws, locks, "text", {"S": str(now(aws))})
    put(aws, locks, "milliseconds", now(aws) * 1000)
    put(aws, locks, "huge", {"N": "1E+100"})
    put(aws, locks, "ancient", 1)
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "none"}})
    assert expire_items(aws.engine, aws.clock()) == 0
    aws.clock.advance(60)
    assert expire_items(aws.engine, aws.clock()) == 2
    left = ["ancient", "huge", "later", "milliseconds", "none", "text"]
    assert names(aws, locks) == left


def test_a_new_end_replaces_the_old_one(aws: Aws, locks: str) -> None:
    """By put, update and delete: the record of ends is always in step."""
    enable(aws, locks)
    for name in ("put", "updated", "removed", "deleted"):
        put(aws, locks, name, now(aws) + 10)
    put(aws, locks, "put", now(aws) + 1000)
    for name, expression in (("updated", "SET ends = ends + :more"), ("removed", "REMOVE ends")):
        request: dict[str, Any] = {
            "TableName": locks,
            "Key": {"LockID": {"S": name}},
            "UpdateExpression": expression,
        }
        if ":more" in expression:
            request["ExpressionAttributeValues"] = {":more": {"N": "1000"}}
        aws.dynamodb.update_item(**request)
    aws.dynamodb.delete_item(TableName=locks, Key={"LockID": {"S": "deleted"}})
    aws.clock.advance(60)
    assert expire_items(aws.engine, aws.clock()) == 0
    assert names(aws, locks) == ["put", "removed", "updated"]
    assert len(aws.engine.view(lambda tx: list(tx.scan(Expiry)))) == 2


def test_switching_off_forgets_the_ends(aws: Aws, locks: str) -> None:
    """Nothing goes any more."""
    enable(aws, locks)
    put(aws, locks, "a", now(aws) + 10)
    aws.dynamodb.update_time_to_live(
        TableName=locks, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ends"}
    )
    aws.clock.advance(60)
    assert expire_items(aws.engine, aws.clock()) == 0
    assert aws.engine.view(lambda tx: list(tx.scan(Expiry))) == []
    assert names(aws, locks) == ["a"]


def test_a_step_is_bounded(aws: Aws, locks: str) -> None:
    """At most so many items go at a time."""
    enable(aws, locks)
    for number in range(5):
        put(aws, locks, str(number), now(aws) + 1)
    aws.clock.advance(60)
    assert [expire_items(aws.engine, aws.clock(), limit=2) for _ in range(4)] == [2, 2, 1, 0]


def status(aws: Aws, table: str) -> str:
    """Return the status of a table's time to live."""
    described = aws.dynamodb.describe_time_to_live(TableName=table)
    return described["TimeToLiveDescription"]["TimeToLiveStatus"]


def settle(aws: Aws) -> int:
    """Run the background step for tables that are not done."""
    return settle_item_ends(aws.engine, aws.site, aws.clock())


def problems(aws: Aws) -> list[Problem]:
    """Return what `holdfast check` finds in tables."""
    return list(verify_tables(aws.engine, aws.site, aws.clock(), Unopened()))


def ends(aws: Aws) -> int:
    """Return how many ends of items are known."""
    return len(aws.engine.view(lambda tx: list(tx.scan(Expiry))))


def test_a_large_table_is_indexed_in_the_background(
    aws: Aws, locks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ENABLING until all is known; writes meanwhile count, wherever they are."""
    monkeypatch.setattr(item_ends, "STEP_ITEMS", 2)
    for name in ("a", "b", "c", "d", "e"):
        put(aws, locks, name, now(aws) + 10)
    enable(aws, locks)
    assert (status(aws, locks), ends(aws), problems(aws)) == ("ENABLING", 2, [])
    put(aws, locks, "a", now(aws) + 1000)
    put(aws, locks, "d", now(aws) + 1000)
    aws.dynamodb.delete_item(TableName=locks, Key={"LockID": {"S": "b"}})
    assert (settle(aws), status(aws, locks)) == (1, "ENABLING")
    assert (settle(aws), status(aws, locks)) == (1, "ENABLED")
    assert settle(aws) == 0
    aws.clock.advance(60)
    assert expire_items(aws.engine, aws.clock()) == 2
    assert names(aws, locks) == ["a", "d"]


def test_a_large_index_is_emptied_in_the_background(
    aws: Aws, locks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then nothing ends, and time to live cannot be enabled again."""
    enable(aws, locks)
    for name in ("a", "b", "c"):
        put(aws, locks, name, now(aws) + 10)
    monkeypatch.setattr(item_ends, "STEP_ITEMS", 2)
    aws.dynamodb.update_time_to_live(
        TableName=locks, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ends"}
    )
    aws.dynamodb.delete_item(TableName=locks, Key={"LockID": {"S": "c"}})
    assert (status(aws, locks), ends(aws), problems(aws)) == ("DISABLING", 1, [])
    with refused("ValidationException", "modified multiple times within a fixed interval"):
        enable(aws, locks)
    aws.clock.advance(60)
    assert expire_items(aws.engine, aws.clock()) == 0
    assert (settle(aws), status(aws, locks), ends(aws)) == (1, "DISABLED", 0)
    assert names(aws, locks) == ["a", "b"]


def test_disabling_stops_the_indexing(
    aws: Aws, locks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was known is forgotten, the rest is not looked at."""
    monkeypatch.setattr(item_ends, "STEP_ITEMS", 2)
    for name in ("a", "b", "c"):
        put(aws, locks, name, now(aws) + 10)
    enable(aws, locks)
    aws.dynamodb.update_time_to_live(
        TableName=locks, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ends"}
    )
    assert (status(aws, locks), ends(aws), settle(aws)) == ("DISABLED", 0, 0)
