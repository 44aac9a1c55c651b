"""Dead locks are released where a policy asks for it, and only there."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.server.housekeeping_steps import steps
from holdfast.server.states import dead_locks, prefixes
from in_process import Aws
from lockers import BUCKET, KEY, TABLE, Locker, document, left_of_locks, prepare, session
from server_time import sign_at_server_time

HOUR = 3600


@pytest.fixture(autouse=True)
def _prepared(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket and a table; time passes for server and clients."""
    sign_at_server_time(aws.clock, monkeypatch)
    prepare(aws)


def policies(aws: Aws) -> dict[str, int]:
    """Return what the bucket says."""
    found = aws.holdfast.get_lock_release(Bucket=BUCKET)["Policies"]
    return {one["Prefix"]: one["Seconds"] for one in found}


def put(aws: Aws, hours: int, **prefix: str) -> None:
    """Ask for the release after so many hours."""
    aws.holdfast.put_lock_release(Bucket=BUCKET, Seconds=hours * HOUR, **prefix)


def lock(aws: Aws, key: str) -> None:
    """Take the lock of a state with a file, and do no more."""
    client = aws.client("s3", **session(aws))
    client.put_object(Bucket=BUCKET, Key=f"{key}.tflock", Body=document(), IfNoneMatch="*")


def released(aws: Aws) -> int:
    """Let housekeeping do its step; return how many locks it released."""
    (step,) = (step for step in steps(aws.engine, aws.site) if step.name == "dead-locks")
    return step.run(aws.clock())


def held(aws: Aws) -> list[str]:
    """Return the keys whose lock is held."""
    return [one["Key"] for one in aws.holdfast.list_locks()["Locks"]]


def events(aws: Aws, what: str) -> list[dict[str, Any]]:
    """Return entries of the journal."""
    found = aws.holdfast.list_journal(What=[what])["Entries"]
    return [json.loads(entry["Event"]) for entry in found]


# ---- what the policy says ------------------------------------------------------------------------


def test_no_bucket_has_a_policy_by_itself(aws: Aws) -> None:
    """Nothing is released unless somebody asks."""
    assert policies(aws) == {}


def test_a_policy_is_kept_for_each_prefix(aws: Aws) -> None:
    """Another for the same prefix replaces it."""
    put(aws, 4)
    put(aws, 8, Prefix="prod/")
    put(aws, 12, Prefix="prod/")
    assert policies(aws) == {"": 4 * HOUR, "prod/": 12 * HOUR}


def test_a_policy_is_taken_back(aws: Aws) -> None:
    """Of one prefix, or of the whole bucket."""
    put(aws, 4)
    put(aws, 8, Prefix="prod/")
    aws.holdfast.delete_lock_release(Bucket=BUCKET, Prefix="prod/")
    assert policies(aws) == {"": 4 * HOUR}
    put(aws, 8, Prefix="prod/")
    aws.holdfast.delete_lock_release(Bucket=BUCKET)
    assert policies(aws) == {}


def test_changes_are_journaled(aws: Aws) -> None:
    """Not those that change nothing."""
    put(aws, 8, Prefix="prod/")
    for _ in range(2):
        aws.holdfast.delete_lock_release(Bucket=BUCKET, Prefix="prod/")
    found = events(aws, "lock-release-changed")
    assert [event.get("seconds") for event in found] == [8 * HOUR, None]
    assert {event["prefix"] for event in found} == {"prod/"}


def test_a_policy_for_less_than_two_hours_is_refused(aws: Aws) -> None:
    """No lock looks dead before."""
    with pytest.raises(ClientError, match="no lock looks dead before 7200"):
        aws.holdfast.put_lock_release(Bucket=BUCKET, Seconds=7199)
    assert policies(aws) == {}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("get_lock_release", {}),
        ("put_lock_release", {"Seconds": 7200}),
        ("delete_lock_release", {}),
    ],
)
def test_a_bucket_that_is_not_there(aws: Aws, operation: str, params: dict[str, int]) -> None:
    """It is said."""
    with pytest.raises(ClientError, match="NoSuchBucket"):
        getattr(aws.holdfast, operation)(Bucket="missing", **params)


def test_prefixes_are_bounded(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket's record does not grow without end."""
    monkeypatch.setattr(prefixes, "MOST_PREFIXES", 1)
    put(aws, 2)
    put(aws, 3)
    with pytest.raises(ClientError, match="at most 1"):
        put(aws, 2, Prefix="a")


# ---- what is released ----------------------------------------------------------------------------


def test_without_a_policy_a_dead_lock_stays(aws: Aws) -> None:
    """However long."""
    lock(aws, "a")
    aws.clock.advance(100 * HOUR)
    assert released(aws) == 0
    assert held(aws) == ["a"]


def test_a_dead_lock_is_released_after_the_time_that_is_set(aws: Aws) -> None:
    """Not before, although it looks dead after two hours."""
    put(aws, 4)
    lock(aws, "a")
    aws.clock.advance(3 * HOUR)
    assert released(aws) == 0
    aws.clock.advance(HOUR)
    assert released(aws) == 1
    assert held(aws) == []
    assert released(aws) == 0


@pytest.mark.parametrize("order", [("dynamodb", "lockfile"), ("lockfile", "dynamodb")])
def test_nothing_of_it_is_left(aws: Aws, order: tuple[str, str]) -> None:
    """In neither place, and the next one gets the lock."""
    put(aws, 2)
    own = session(aws)
    first, second = (Locker(aws, mode, **own) for mode in order)
    second.document = first.document
    first.lock()
    second.lock()
    aws.clock.advance(2 * HOUR)
    assert released(aws) == 1
    assert left_of_locks(aws) == []
    Locker(aws, order[0]).lock()


def test_it_is_told_in_history_and_journal(aws: Aws) -> None:
    """That the server did it, and why."""
    put(aws, 2)
    lock(aws, "a")
    aws.clock.advance(2 * HOUR)
    released(aws)
    (past,) = aws.holdfast.list_past_locks(Bucket=BUCKET)["Locks"]
    assert past["Ended"] == "stale"
    assert past["EndedBy"].endswith(":root")
    (event,) = events(aws, "lock-stale")
    assert event["state"] == f"{BUCKET}/a"
    assert "Its session made no request since it took the lock." in event["reason"]


def test_a_holder_who_is_heard_of_keeps_its_lock(aws: Aws) -> None:
    """By any request of its session, and by a write of the state."""
    put(aws, 2)
    own = session(aws)
    Locker(aws, "lockfile", **own).lock()
    client = aws.client("s3", **own)
    for _ in range(5):
        aws.clock.advance(1.5 * HOUR)
        client.list_objects_v2(Bucket=BUCKET)
        assert released(aws) == 0
    assert held(aws) == [KEY]


def test_after_a_restart_silence_counts_from_there(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was before is not known."""
    put(aws, 2)
    lock(aws, "a")
    aws.clock.advance(10 * HOUR)
    again = Aws(aws.directory, aws.engine, aws.vault)
    again.clock.offset = aws.clock.offset
    sign_at_server_time(again.clock, monkeypatch)
    assert held(again) == ["a"]
    assert released(again) == 0
    again.clock.advance(2 * HOUR)
    assert released(again) == 1
    again.close()


def test_the_longest_prefix_wins(aws: Aws) -> None:
    """Also where it asks for more patience."""
    put(aws, 2)
    put(aws, 20, Prefix="prod/")
    put(aws, 3, Prefix="prod/test/")
    for key in ("a", "prod/a", "prod/test/a"):
        lock(aws, key)
    aws.clock.advance(5 * HOUR)
    assert released(aws) == 2
    assert held(aws) == ["prod/a"]


def test_other_buckets_and_prefixes_are_left_alone(aws: Aws) -> None:
    """A policy is for what it names."""
    put(aws, 2, Prefix="test/")
    lock(aws, "a")
    lock(aws, "test/a")
    aws.clock.advance(5 * HOUR)
    assert released(aws) == 1
    assert held(aws) == ["a"]


def test_a_round_is_bounded(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is for the next one."""
    monkeypatch.setattr(dead_locks, "_AT_ONCE", 2)
    put(aws, 2)
    for key in "abc":
        lock(aws, key)
    aws.clock.advance(5 * HOUR)
    assert [released(aws), released(aws)] == [2, 1]


def test_who_lost_the_lock_cannot_overwrite_its_successor(aws: Aws) -> None:
    """It comes back after all, and its write is refused."""
    put(aws, 2)
    own = session(aws)
    Locker(aws, "dynamodb", **own).lock()
    aws.clock.advance(2 * HOUR)
    released(aws)
    body = b'{"version":4,"serial":1,"lineage":"a","terraform_version":"1.11.4","resources":[]}'
    Locker(aws, "dynamodb", **session(aws)).lock()
    with pytest.raises(ClientError, match=r"fence\.held"):
        aws.client("s3", **own).put_object(Bucket=BUCKET, Key=KEY, Body=body)
    assert TABLE in str(aws.holdfast.list_locks()["Locks"][0]["Places"])
