"""ListLocks and ListPastLocks: who holds and held, who waited, and what looks dead."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from holdfast.engine.state_records import PastLock
from holdfast.server.states import locks as handler
from in_process import ACCESS_KEY_ID, Aws
from lockers import BUCKET, KEY, LOCK_FILE, TABLE, Locker, document, prepare, session
from server_time import sign_at_server_time

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _prepared(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket and a table; time passes for server and clients."""
    sign_at_server_time(aws.clock, monkeypatch)
    prepare(aws)


def held(aws: Aws, **asked: Any) -> list[dict[str, Any]]:
    """Return the locks that are held."""
    return list(aws.holdfast.list_locks(**asked)["Locks"])


def the_one(aws: Aws) -> dict[str, Any]:
    """Return the only lock that is held."""
    (found,) = held(aws)
    return found


def past(aws: Aws, **asked: Any) -> list[dict[str, Any]]:
    """Return the locks that were held."""
    return list(aws.holdfast.list_past_locks(**{"Bucket": BUCKET, **asked})["Locks"])


def lock(aws: Aws, key: str, bucket: str = BUCKET) -> None:
    """Take the lock of a state with a file."""
    aws.s3.put_object(Bucket=bucket, Key=f"{key}.tflock", Body=document(), IfNoneMatch="*")


def unlock(aws: Aws, key: str) -> None:
    """Release it."""
    aws.s3.delete_object(Bucket=BUCKET, Key=f"{key}.tflock")


# ---- held ----------------------------------------------------------------------------------------


def test_no_locks_are_held(aws: Aws) -> None:
    """The list is empty."""
    assert aws.holdfast.list_locks()["Locks"] == []


@pytest.mark.parametrize(("mode", "place"), [("lockfile", "s3"), ("dynamodb", f"dynamodb:{TABLE}")])
def test_a_lock_says_who_holds_it(aws: Aws, mode: str, place: str) -> None:
    """With everything that is known of it."""
    Locker(aws, mode).lock()
    found = the_one(aws)
    assert (found["Bucket"], found["Key"]) == (BUCKET, KEY)
    assert (found["Who"], found["Operation"]) == ("ann@host", "OperationTypeApply")
    assert found["Principal"].endswith(":user/administrator")
    assert found["Places"] == [place]
    assert found["Tool"].startswith("Boto3 ")
    assert abs(found["Since"] - aws.clock()) < timedelta(minutes=1)
    assert found["Waiters"] == []
    assert "LastWrite" not in found


def test_a_write_is_told(aws: Aws) -> None:
    """Of the state, by whoever holds the lock."""
    Locker(aws, "lockfile").lock()
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b'{"version":4,"serial":1,"lineage":"a"}')
    assert abs(the_one(aws)["LastWrite"] - aws.clock()) < timedelta(minutes=1)


def test_who_waits_is_listed_with_the_attempts(aws: Aws) -> None:
    """The latest come last."""
    Locker(aws, "lockfile").lock()
    bob, eve = Locker(aws, "dynamodb", "bob@ci"), Locker(aws, "lockfile", "eve@laptop")
    for waiter in (bob, eve, bob):
        waiter.refused()
    waiters = the_one(aws)["Waiters"]
    assert [(one["Who"], one["Attempts"]) for one in waiters] == [("eve@laptop", 1), ("bob@ci", 2)]
    assert waiters[1]["First"] <= waiters[1]["Last"]


def test_locks_are_listed_by_bucket_key_and_prefix(aws: Aws) -> None:
    """Only what is asked for."""
    aws.s3.create_bucket(Bucket="others")
    for key in ("a/x", "a/y", "b"):
        lock(aws, key)
    lock(aws, "a/x", "others")

    def keys(**asked: Any) -> list[str]:
        return [f"{one['Bucket']}/{one['Key']}" for one in held(aws, **asked)]

    assert keys() == ["others/a/x", "states/a/x", "states/a/y", "states/b"]
    assert keys(Bucket="states") == ["states/a/x", "states/a/y", "states/b"]
    assert keys(Bucket="states", Prefix="a/") == ["states/a/x", "states/a/y"]
    assert keys(Bucket="states", Key="a/x") == ["states/a/x"]
    assert keys(Bucket="states", Key="a") == []


@pytest.mark.parametrize("asked", [{}, {"Bucket": BUCKET}, {"Bucket": BUCKET, "Prefix": "a/"}])
def test_pages_go_on_at_the_token(aws: Aws, asked: dict[str, str]) -> None:
    """Until there is none."""
    for number in range(5):
        lock(aws, f"a/{number}")
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = aws.holdfast.list_locks(Limit=2, **asked, **token)
        seen += [one["Key"] for one in page["Locks"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [f"a/{number}" for number in range(5)]


def test_a_request_looks_at_a_bounded_number_of_states(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may be empty although there is more."""
    monkeypatch.setattr(handler, "_MOST_EXAMINED", 2)
    for number in range(3):
        lock(aws, f"a/{number}")
    for number in range(2):
        unlock(aws, f"a/{number}")
    page = aws.holdfast.list_locks()
    assert page["Locks"] == []
    assert [one["Key"] for one in held(aws, NextToken=page["NextToken"])] == ["a/2"]


def test_a_lock_of_which_nothing_is_left_is_not_listed(aws: Aws) -> None:
    """Its table is gone, and it with that."""
    Locker(aws, "dynamodb").lock()
    aws.dynamodb.delete_table(TableName=TABLE)
    assert held(aws) == []


def as_eve(aws: Aws, *resources: str, denied: str = "") -> Any:
    """Return the client of a user who may list locks of some states, and not of others."""
    aws.iam.create_user(UserName="eve")
    statements = [
        {"Effect": effect, "Action": "holdfast:List*", "Resource": named}
        for effect, named in (("Allow", list(resources)), ("Deny", denied))
        if named
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    if resources:
        aws.iam.put_user_policy(UserName="eve", PolicyName="locks", PolicyDocument=policy)
    key = aws.iam.create_access_key(UserName="eve")["AccessKey"]
    return aws.client(
        "holdfast",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


@pytest.mark.parametrize("operation", ["list_locks", "list_past_locks"])
def test_a_caller_without_leave_sees_nothing(aws: Aws, operation: str) -> None:
    """A user without policies is refused."""
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(as_eve(aws), operation)(Bucket=BUCKET)


@pytest.mark.parametrize("operation", ["list_locks", "list_past_locks"])
def test_a_caller_sees_what_the_policy_names(aws: Aws, operation: str) -> None:
    """And cannot so much as see that there is more."""
    ask = getattr(as_eve(aws, f"arn:aws:s3:::{BUCKET}/staging/*"), operation)
    assert ask(Bucket=BUCKET, Prefix="staging/")["Locks"] == []
    assert ask(Bucket=BUCKET, Key="staging/app")["Locks"] == []
    for asked in ({}, {"Prefix": "prod/"}, {"Prefix": "stag"}, {"Key": "prod/app"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(Bucket=BUCKET, **asked)


def test_what_a_policy_denies_is_left_out(aws: Aws) -> None:
    """Of a list of the whole bucket, of held locks and of past ones."""
    everything = f"arn:aws:s3:::{BUCKET}"
    eve = as_eve(aws, everything, f"{everything}/*", denied=f"{everything}/prod/*")
    for key in ("a", "prod/a"):
        lock(aws, key)
        unlock(aws, key)
        lock(aws, key)
    assert [one["Key"] for one in eve.list_locks(Bucket=BUCKET)["Locks"]] == ["a"]
    assert [one["Key"] for one in eve.list_past_locks(Bucket=BUCKET)["Locks"]] == ["a"]
    with pytest.raises(ClientError, match="AccessDenied"):
        eve.list_locks()


# ---- dead or alive -------------------------------------------------------------------------------


def test_a_fresh_lock_looks_alive(aws: Aws) -> None:
    """And says why it is no matter of age."""
    Locker(aws, "lockfile", **session(aws)).lock()
    found = the_one(aws)
    assert (found["LooksDead"], found["Percent"]) == (False, 0)
    assert "may be at work" in found["Reasons"][-1]


@pytest.mark.parametrize("mode", ["lockfile", "dynamodb"])
def test_a_session_that_is_silent_for_hours_looks_dead(aws: Aws, mode: str) -> None:
    """Although others of its user work on, and wait for it."""
    Locker(aws, mode, **session(aws)).lock()
    aws.clock.advance(2 * HOUR)
    other = Locker(aws, mode, **session(aws))
    other.refused()
    aws.s3.list_objects_v2(Bucket=BUCKET)
    found = the_one(aws)
    assert found["LooksDead"]
    assert found["Percent"] >= 80
    assert found["QuietSeconds"] >= 7200
    assert "Its session made no request since it took the lock." in found["Reasons"]


def test_any_request_of_its_session_shows_that_a_holder_is_alive(aws: Aws) -> None:
    """However old the lock is."""
    own = session(aws)
    Locker(aws, "lockfile", **own).lock()
    aws.clock.advance(3 * HOUR)
    aws.client("sts", **own).get_caller_identity()
    assert not the_one(aws)["LooksDead"]


def test_waiting_with_the_holders_own_key_is_no_sign_of_life(aws: Aws) -> None:
    """Many processes have a long-lived key; who waits and who looks does not stand for the holder."""
    Locker(aws, "lockfile").lock()
    aws.clock.advance(2 * HOUR)
    Locker(aws, "lockfile").refused()
    aws.s3.get_object(Bucket=BUCKET, Key=LOCK_FILE)
    found = the_one(aws)
    assert found["LooksDead"]
    assert "One is ann@host, as its holder" in " ".join(found["Reasons"])


def test_the_use_of_the_state_is_a_sign_of_life(aws: Aws) -> None:
    """Nobody reads or writes it who waits for its lock."""
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}")
    Locker(aws, "lockfile").lock()
    aws.clock.advance(3 * HOUR)
    aws.s3.get_object(Bucket=BUCKET, Key=KEY)
    assert not the_one(aws)["LooksDead"]


# ---- past ----------------------------------------------------------------------------------------


def test_a_past_lock_says_how_long_it_was_held(aws: Aws) -> None:
    """And how it ended, by whom, and who waited."""
    holder = Locker(aws, "dynamodb")
    holder.lock()
    Locker(aws, "lockfile", "bob@ci").refused()
    aws.clock.advance(HOUR)
    holder.release()
    (found,) = past(aws)
    assert (found["Bucket"], found["Key"], found["Who"]) == (BUCKET, KEY, "ann@host")
    assert 3600 <= found["HeldSeconds"] < 3660
    assert found["Ended"] == "released"
    assert found["EndedBy"].endswith(":user/administrator")
    assert [(one["Who"], one["Attempts"]) for one in found["Waiters"]] == [("bob@ci", 1)]
    assert found["Until"] - found["Since"] >= timedelta(hours=1)


def test_a_lock_that_was_broken_says_so(aws: Aws) -> None:
    """Who broke it is another session than the holder's."""
    Locker(aws, "lockfile", **session(aws)).lock()
    Locker(aws, "lockfile").unlock()
    assert [one["Ended"] for one in past(aws)] == ["forced"]


def test_past_locks_are_listed_by_key_prefix_and_time(aws: Aws) -> None:
    """In order of the states and of their ends."""
    for key in ("a/x", "b", "a/x", "a/y"):
        lock(aws, key)
        aws.clock.advance(HOUR)
        unlock(aws, key)
    started = aws.clock()

    def keys(**asked: Any) -> list[str]:
        return [one["Key"] for one in past(aws, **asked)]

    assert keys() == ["a/x", "a/x", "a/y", "b"]
    assert keys(Prefix="a/") == ["a/x", "a/x", "a/y"]
    assert keys(Key="a/x") == ["a/x", "a/x"]
    assert keys(Key="a") == []
    half = timedelta(minutes=90)
    assert keys(Since=started - half) == ["a/x", "a/y"]
    assert keys(Key="a/x", Since=started - half) == ["a/x"]
    assert keys(Until=started - half) == ["a/x", "b"]


@pytest.mark.parametrize("asked", [{}, {"Key": "a"}, {"Prefix": "a"}])
def test_pages_of_past_locks_go_on_at_the_token(aws: Aws, asked: dict[str, str]) -> None:
    """Also within one state."""
    for _ in range(5):
        lock(aws, "a")
        unlock(aws, "a")
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = aws.holdfast.list_past_locks(Bucket=BUCKET, Limit=2, **asked, **token)
        seen += [one["Id"] for one in page["Locks"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert len(set(seen)) == len(seen) == 5


@pytest.mark.parametrize("token", ["x", "ä", "1.5/a", "A" * 64, "A" * 2000])
@pytest.mark.parametrize("listed", [held, past])
def test_a_token_of_ones_own_is_refused(aws: Aws, listed: Any, token: str) -> None:
    """It says so rather than begin anywhere."""
    with pytest.raises(ClientError, match="NextToken is not one"):
        listed(aws, NextToken=token)


def test_a_token_is_for_the_list_that_gave_it(aws: Aws) -> None:
    """It tells nothing of the state that it stands for, and begins no other list."""
    for number in range(2):
        lock(aws, f"secret/{number}")
    token = aws.holdfast.list_locks(Limit=1)["NextToken"]
    assert b"secret" not in urlsafe_b64decode(token)
    with pytest.raises(ClientError, match="NextToken is not one"):
        past(aws, NextToken=token)


def test_a_token_stands_for_the_longest_key_too(aws: Aws) -> None:
    """A key has at most 1024 bytes, of which a lock file's name takes some."""
    for number in range(2):
        lock(aws, "k" * 1000 + str(number))
    page = aws.holdfast.list_locks(Limit=1)
    assert len(held(aws, NextToken=page["NextToken"])) == 1


@pytest.mark.parametrize("name", ["Key", "Prefix"])
def test_a_key_without_a_bucket_is_refused(aws: Aws, name: str) -> None:
    """It would mean another state than it says."""
    with pytest.raises(ClientError, match=f"{name} needs Bucket"):
        held(aws, **{name: "a"})


def test_a_lock_from_the_future_is_held_no_negative_time(aws: Aws) -> None:
    """A clock that was put back makes no nonsense."""
    lock(aws, "a")
    unlock(aws, "a")
    (found,) = aws.engine.view(lambda tx: list(tx.scan(PastLock)))
    moved = replace(found, since=found.since + timedelta(days=1))
    aws.engine.update(lambda tx: tx.put(moved))
    assert past(aws)[0]["HeldSeconds"] == 0
    assert ACCESS_KEY_ID not in str(past(aws))


def test_past_locks_are_kept_for_more_than_a_year(aws: Aws) -> None:
    """Then those of a state are forgotten, a few whenever one ends; those of others stay."""
    for key in ("a", "b", *"aaaaa"):
        lock(aws, key)
        unlock(aws, key)
    counts = []
    for days in (399, 2, 0, 0):
        aws.clock.advance(days * 24 * HOUR)
        lock(aws, "a")
        unlock(aws, "a")
        counts.append(len(past(aws, Key="a")))
    assert counts == [7, 4, 3, 4]
    assert len(past(aws, Key="b")) == 1


def test_past_locks_of_long_ago_are_forgotten_by_another_server(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks what there is, as nothing of it is in its memory."""
    lock(aws, "a")
    unlock(aws, "a")
    again = Aws(aws.directory, aws.engine, aws.vault)
    again.clock.offset = aws.clock.offset
    sign_at_server_time(again.clock, monkeypatch)
    again.clock.advance(401 * 24 * HOUR)
    lock(again, "a")
    unlock(again, "a")
    assert len(past(again, Key="a")) == 1
    again.close()
