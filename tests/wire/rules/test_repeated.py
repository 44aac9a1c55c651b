"""Requests that arrive twice: an answer was lost, or a copy was late. All with one access key."""

import json
from typing import Any

import pytest

from holdfast.engine.state_records import State
from http_backend import HttpBackend
from in_process import Aws
from lockers import (
    BUCKET,
    KEY,
    LOCK_FILE,
    LOCK_ID,
    MODES,
    TABLE,
    TERRAFORM,
    Locker,
    document,
    left_of_locks,
    of_terraform,
    prepare,
)
from state_documents import instance, resource, state, written


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)


def holder(aws: Aws) -> str:
    """Return the ID of the lock that is held; nothing if none is."""
    found = aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY))
    return found.lock.id if found is not None and found.lock is not None else ""


def id_of(locker: Locker) -> str:
    """Return the ID of the lock that somebody takes."""
    found: str = json.loads(locker.document)["ID"]
    return found


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_an_unlock_sent_again_spares_the_lock_that_is_held_by_then(
    aws: Aws, mode: str, restarted: bool
) -> None:
    """Its first attempt was carried out, and the next process has the same key."""
    first, second = (Locker(aws, mode, config=TERRAFORM) for _ in range(2))
    first.lock()
    first.release()
    second.lock()
    if restarted:
        aws.restart()
    assert aws.again(aws.requests[-2]) in (200, 204)
    assert holder(aws) == id_of(second)
    second.release()
    assert left_of_locks(aws) == []


def test_the_second_part_of_an_unlock_sent_again_spares_it_too(aws: Aws) -> None:
    """Of a Terraform that locks with both."""
    file, table = of_terraform(aws)
    file.lock()
    table.lock()
    file.release()
    table.release()
    second = Locker(aws, "dynamodb", config=TERRAFORM)
    second.lock()
    assert aws.again(aws.requests[-2]) == 200
    assert holder(aws) == id_of(second)


def _deleted_on_condition(aws: Aws, locker: Locker) -> Any:
    """Delete a lock on the condition that it is still that; return the request."""
    if locker.mode == "lockfile":
        etag = aws.s3.head_object(Bucket=BUCKET, Key=LOCK_FILE)["ETag"]
        aws.s3.delete_object(Bucket=BUCKET, Key=LOCK_FILE, IfMatch=etag)
    else:
        condition: dict[str, Any] = {":info": {"S": locker.document.decode()}}
        aws.dynamodb.delete_item(
            TableName=TABLE,
            Key={"LockID": {"S": LOCK_ID}},
            ConditionExpression="Info = :info",
            ExpressionAttributeValues=condition,
        )
    return aws.requests[-1]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_an_unlock_on_condition_sent_again_is_no_error(
    aws: Aws, mode: str, taken: bool, restarted: bool
) -> None:
    """OpenTofu and our library would say that their lock was lost; also if another has it by then."""
    first, second = Locker(aws, mode), Locker(aws, mode)
    first.lock()
    request = _deleted_on_condition(aws, first)
    if taken:
        second.lock()
    if restarted:
        aws.restart()
    assert aws.again(request) in (200, 204)
    assert holder(aws) == (id_of(second) if taken else "")


@pytest.mark.parametrize("mode", MODES)
def test_another_unlock_is_not_taken_for_the_same(aws: Aws, mode: str) -> None:
    """A process may take and release the lock many times."""
    for _ in range(2):
        locker = Locker(aws, mode)
        locker.lock()
        _deleted_on_condition(aws, locker)
        assert left_of_locks(aws) == []


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_a_late_copy_of_a_lock_request_takes_no_lock(aws: Aws, mode: str, refused: bool) -> None:
    """Its client has released the lock by then: nobody would release it again."""
    locker, other = Locker(aws, mode), Locker(aws, mode)
    if refused:
        other.lock()
        locker.refused()
        late = aws.requests[-1]
        other.release()
        locker.lock()
    else:
        locker.lock()
        late = aws.requests[-1]
    locker.release()
    assert aws.again(late) == (412 if mode == "lockfile" else 400)
    assert left_of_locks(aws) == []
    assert holder(aws) == ""
    other.lock()


def test_over_http_a_lock_is_taken_again_with_the_same_document(aws: Aws) -> None:
    """As scripts do whose lock has always one ID."""
    http, lock = HttpBackend(aws), document()
    for _ in range(2):
        assert http.lock(lock).status == 200
        assert http.unlock(lock).status == 200


def _put(aws: Aws, serial: int) -> Any:
    """Write a state, and return the request."""
    body = written(state(resource("aws_x.y", instance()), serial=serial))
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    return aws.requests[-1]


@pytest.mark.parametrize("locks", [1, 2])
def test_a_late_copy_of_a_write_takes_nothing_back(aws: Aws, locks: int) -> None:
    """Under the lock that it was made with, and under the next one of the same key."""
    locker = Locker(aws, "lockfile")
    locker.lock()
    late = _put(aws, 1)
    _put(aws, 2)
    if locks == 2:
        locker.release()
        Locker(aws, "lockfile").lock()
    assert aws.again(late) == 412
    found = json.loads(aws.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    assert found["serial"] == 2
