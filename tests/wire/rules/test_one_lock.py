"""One lock for a state, whether it is taken in a table or as a lock file."""

import json
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.engine.records import Bucket
from holdfast.engine.state_records import JournalEntry, PastLock, State
from holdfast.server.rule_modes import SETTING
from in_process import Aws
from lockers import (
    BUCKET,
    KEY,
    LOCK_ID,
    MODES,
    TABLE,
    TERRAFORM,
    Locker,
    left_of_locks,
    prepare,
    session,
)

PAIRS = list(product(MODES, MODES))


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)


def state(aws: Aws) -> State:
    """Return what the server knows of the state."""
    found = aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY))
    assert found is not None
    return found


@pytest.mark.parametrize(("taken", "asked"), PAIRS)
def test_a_lock_excludes_in_every_mode(aws: Aws, taken: str, asked: str) -> None:
    """It is refused, and says who holds it and what to do."""
    holder = Locker(aws, taken, "ann@host")
    holder.lock()
    said = Locker(aws, asked, "bob@host").refused()
    assert "ann@host" in said
    assert f"holdfast unlock s3://{BUCKET}/{KEY}" in said


@pytest.mark.parametrize(("taken", "asked"), PAIRS)
def test_the_holder_is_shown_in_every_mode(aws: Aws, taken: str, asked: str) -> None:
    """Byte for byte the document that the holder wrote."""
    holder = Locker(aws, taken)
    holder.lock()
    assert Locker(aws, asked).holder() == holder.document


@pytest.mark.parametrize(("taken", "released"), PAIRS)
def test_a_release_in_one_mode_frees_every_mode(aws: Aws, taken: str, released: str) -> None:
    """Nothing of it is left, and the next one gets it either way."""
    holder = Locker(aws, taken)
    holder.lock()
    Locker(aws, released).unlock()
    assert left_of_locks(aws) == []
    assert state(aws).lock is None
    for mode in MODES:
        other = Locker(aws, mode)
        other.lock()
        other.release()


@pytest.mark.parametrize("mode", MODES)
def test_the_same_lock_sent_again_succeeds(aws: Aws, mode: str) -> None:
    """As after an answer that was lost; nothing is written twice."""
    holder = Locker(aws, mode)
    holder.lock()
    versions = aws.s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    holder.lock()
    assert aws.s3.list_object_versions(Bucket=BUCKET).get("Versions", []) == versions
    assert Locker(aws, mode).refused()


@pytest.mark.parametrize(("taken", "asked"), PAIRS)
def test_a_waiter_is_shown_the_lock_that_refused_it(aws: Aws, taken: str, asked: str) -> None:
    """Also when it was released in between: without its ID, Terraform gives up waiting."""
    holder, waiter = Locker(aws, taken), Locker(aws, asked, **session(aws))
    holder.lock()
    waiter.refused()
    holder.unlock()
    assert waiter.holder() == holder.document
    assert waiter.holder() is None
    waiter.lock()


@pytest.mark.parametrize("mode", MODES)
def test_a_holder_that_reads_its_lock_takes_nothing_from_who_waits(aws: Aws, mode: str) -> None:
    """Both have the same key: the waiter finds what it was refused by after the holder has left."""
    holder, waiter = (Locker(aws, mode, config=TERRAFORM) for _ in range(2))
    holder.lock()
    waiter.refused()
    holder.release()
    assert waiter.holder() == holder.document
    waiter.lock()
    waiter.release()


@pytest.mark.parametrize("mode", MODES)
def test_what_others_of_its_key_read_takes_nothing_from_a_waiting_terraform(
    aws: Aws, mode: str
) -> None:
    """Were the holder's document gone when it looks, it would give up."""
    holder, waiter = Locker(aws, mode), Locker(aws, mode, config=TERRAFORM)
    holder.lock()
    waiter.refused()
    holder.release()
    holder.holder()
    assert waiter.holder() == holder.document
    waiter.lock()


def test_after_a_release_from_the_table_there_is_no_lock_file(aws: Aws) -> None:
    """Whoever looks for one, with the very same key, finds none."""
    holder = Locker(aws, "dynamodb")
    holder.lock()
    holder.release()
    assert Locker(aws, "lockfile").holder() is None
    assert holder.holder() is None


def test_what_a_waiter_is_shown_ends_with_time(aws: Aws) -> None:
    """Half a minute later nobody is waiting for that read."""
    holder, waiter = Locker(aws, "dynamodb"), Locker(aws, "dynamodb")
    holder.lock()
    waiter.refused()
    holder.unlock()
    aws.clock.advance(30)
    assert waiter.holder() is None


@pytest.mark.parametrize("mode", MODES)
def test_deleting_a_lock_that_is_gone_spares_the_next_one(aws: Aws, mode: str) -> None:
    """Terraform reads, compares, and deletes whatever is there by then."""
    first, second = Locker(aws, mode), Locker(aws, mode, **session(aws))
    first.lock()
    assert first.holder() == first.document
    Locker(aws, mode, **session(aws)).unlock()
    second.lock()
    first.unlock()
    assert state(aws).lock is not None
    assert Locker(aws, mode).refused()


def test_a_lock_that_vanished_with_its_table_is_no_lock(aws: Aws) -> None:
    """Nothing of it is left anywhere."""
    Locker(aws, "dynamodb").lock()
    aws.dynamodb.delete_table(TableName=TABLE)
    Locker(aws, "lockfile").lock()


def test_a_lock_from_before_the_rules_counts(aws: Aws) -> None:
    """Its item or file is all that is known of it."""
    holder = Locker(aws, "lockfile")
    holder.lock()
    aws.engine.update(lambda tx: tx.drop(State, BUCKET, KEY))
    assert Locker(aws, "dynamodb").refused()
    assert Locker(aws, "lockfile").refused()


def test_the_items_of_other_buckets_are_just_items(aws: Aws) -> None:
    """A table may lock states that are kept elsewhere."""
    item = {"LockID": {"S": f"elsewhere/{KEY}"}, "Info": {"S": Locker(aws, "x").document.decode()}}
    aws.dynamodb.put_item(TableName=TABLE, Item=item)
    assert aws.engine.view(lambda tx: tx.get(State, "elsewhere", KEY)) is None


def test_waiters_are_written_down(aws: Aws) -> None:
    """Who tried, how often, and for what."""
    Locker(aws, "dynamodb").lock()
    waiter = Locker(aws, "lockfile", "bob@host")
    for _ in range(3):
        waiter.refused()
    lock = state(aws).lock
    assert lock is not None
    assert [(one.who, one.attempts) for one in lock.waiters] == [("bob@host", 3)]


def test_past_locks_are_kept(aws: Aws) -> None:
    """With who held them, and how they ended."""
    holder = Locker(aws, "dynamodb", "ann@host")
    holder.lock()
    holder.release()
    past = aws.engine.view(lambda tx: list(tx.scan(PastLock, BUCKET, KEY)))
    assert [(one.who, one.ended) for one in past] == [("ann@host", "released")]


def test_a_lock_that_another_program_breaks_was_forced(aws: Aws) -> None:
    """Also with the holder's key, as when an administrator does everything with one."""
    holder = Locker(aws, "dynamodb", config=TERRAFORM)
    holder.lock()
    Locker(aws, "dynamodb").unlock()
    past = aws.engine.view(lambda tx: list(tx.scan(PastLock, BUCKET, KEY)))
    assert [one.ended for one in past] == ["forced"]


def test_opentofu_releases_on_the_condition_of_its_document(aws: Aws) -> None:
    """Also where the lock was taken as a lock file."""
    holder = Locker(aws, "lockfile")
    holder.lock()
    for wrong in (True, False):
        info = Locker(aws, "x").document if wrong else holder.document
        try:
            aws.dynamodb.delete_item(
                TableName=TABLE,
                Key={"LockID": {"S": LOCK_ID}},
                ConditionExpression="Info = :info",
                ExpressionAttributeValues={":info": {"S": info.decode()}},
            )
        except aws.dynamodb.exceptions.ConditionalCheckFailedException:
            assert wrong
            continue
        assert not wrong
    assert left_of_locks(aws) == []


def _modes(aws: Aws, mode: str) -> None:
    bucket = aws.engine.view(lambda tx: tx.get(Bucket, BUCKET))
    assert bucket is not None
    settings = {**bucket.settings, SETTING: {"": {"one_lock": mode}}}
    aws.engine.update(lambda tx: tx.put(replace(bucket, settings=settings)))


def _warnings(aws: Aws) -> list[str]:
    entries = aws.engine.view(lambda tx: list(tx.scan(JournalEntry)))
    events = [json.loads(entry.event) for entry in entries]
    return [event["rule"] for event in events if event["what"] == "write-warned"]


@pytest.mark.parametrize(("mode", "warned"), [("off", []), ("warn", ["one_lock"])])
def test_where_it_is_off_each_place_stands_by_itself(
    aws: Aws, mode: str, warned: list[str]
) -> None:
    """As S3 and DynamoDB are; a warning is journaled."""
    _modes(aws, mode)
    Locker(aws, "dynamodb").lock()
    assert Locker(aws, "dynamodb").refused()
    Locker(aws, "lockfile").lock()
    assert len(left_of_locks(aws)) == 2
    assert _warnings(aws) == warned


def test_who_breaks_a_lock_wherever_it_is_shown_finds_it_in_each_place(aws: Aws) -> None:
    """On the condition that it is still that lock, as `holdfast unlock` does; not a second time."""
    held = Locker(aws, "dynamodb")
    held.lock()
    shown = aws.s3.get_object(Bucket=BUCKET, Key=f"{KEY}.tflock")
    aws.s3.delete_object(Bucket=BUCKET, Key=f"{KEY}.tflock", IfMatch=shown["ETag"])
    deletion: dict[str, Any] = {
        "TableName": TABLE,
        "Key": {"LockID": {"S": LOCK_ID}},
        "ConditionExpression": "Info = :info",
        "ExpressionAttributeValues": {":info": {"S": held.document.decode()}},
    }
    aws.dynamodb.delete_item(**deletion)
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException):
        aws.dynamodb.delete_item(**deletion)
    assert left_of_locks(aws) == []


def test_what_is_journaled_of_a_lock_names_its_state(aws: Aws) -> None:
    """By bucket and key: so entries are found, and shown only to who may see the state."""
    first = Locker(aws, "dynamodb", **session(aws))
    first.lock()
    first.holder()
    Locker(aws, "dynamodb", **session(aws)).unlock()
    Locker(aws, "dynamodb", **session(aws)).lock()
    first.unlock()
    aws.dynamodb.delete_table(TableName=TABLE)
    Locker(aws, "lockfile").lock()
    entries = aws.engine.view(lambda tx: list(tx.scan(JournalEntry)))
    events = [event for entry in entries if "lock" in (event := json.loads(entry.event))["what"]]
    assert {"unlock-ignored", "lock-vanished"} <= {event["what"] for event in events}
    assert {(event["bucket"], event["key"]) for event in events} == {(BUCKET, KEY)}
