"""A lock taken over HTTP excludes those of S3 and DynamoDB, and the other way round."""

import json
from typing import Any

import pytest

from aws_refusals import refused
from holdfast.engine.state_records import PastLock
from http_backend import HttpBackend, bare, document, id_of, state
from in_process import Aws
from lockers import (
    BUCKET,
    KEY,
    LOCK_FILE,
    LOCK_ID,
    MODES,
    TABLE,
    Locker,
    left_of_locks,
    of_terraform,
    session,
)


def ended(aws: Aws) -> list[str]:
    """Return how each past lock of the state ended; the journal says the same."""
    found = aws.engine.view(lambda tx: [past.ended for past in tx.scan(PastLock, BUCKET, KEY)])
    what = ["lock-released", "lock-forced", "lock-vanished"]
    entries = aws.holdfast.list_journal(What=what)["Entries"]
    events = [json.loads(entry["Event"])["what"] for entry in entries]
    assert events == [f"lock-{one}" for one in found]
    return found


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_over_http_stops_the_others(http: HttpBackend, aws: Aws, mode: str) -> None:
    """They are told who holds it, and are shown its document."""
    lock = document("ann@host")
    http.lock(lock)
    locker = Locker(aws, mode, "bob@host", **session(aws))
    assert "ann@host" in locker.refused()
    assert locker.holder() == lock


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_of_the_others_stops_http(http: HttpBackend, aws: Aws, mode: str) -> None:
    """With 423 and the document that its holder wrote."""
    locker = Locker(aws, mode)
    locker.lock()
    answer = http.lock(document())
    assert (answer.status, answer.body) == (423, locker.document)


def test_a_lock_that_terraform_is_giving_back_stops_http(http: HttpBackend, aws: Aws) -> None:
    """With its document: it has given back the lock file, and comes for the item."""
    file, table = of_terraform(aws)
    file.lock()
    table.lock()
    file.release()
    answer = http.lock(document())
    assert (answer.status, answer.body) == (423, file.document)
    table.release()
    assert http.lock(document()).status == 200


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_of_the_others_is_released_over_http(http: HttpBackend, aws: Aws, mode: str) -> None:
    """By its ID; nothing of it is left, and it ended once."""
    locker = Locker(aws, mode)
    locker.lock()
    assert http.unlock(bare(id_of(locker.document))).status == 200
    assert left_of_locks(aws) == []
    assert ended(aws) == ["forced"]
    assert http.lock(document()).status == 200


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_of_the_others_is_broken_over_http(http: HttpBackend, aws: Aws, mode: str) -> None:
    """Terraform's force-unlock does not say which lock it means."""
    Locker(aws, mode).lock()
    assert http.force_unlock().status == 200
    assert left_of_locks(aws) == []
    assert ended(aws) == ["forced"]


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_over_http_is_released_by_the_others(http: HttpBackend, aws: Aws, mode: str) -> None:
    """As `terraform force-unlock` does it through the s3 backend."""
    http.lock(document())
    Locker(aws, mode).unlock()
    assert left_of_locks(aws) == []
    assert http.lock(document()).status == 200


def test_a_lock_over_http_is_released_through_s3_if_it_is_the_one_that_was_shown(
    http: HttpBackend, aws: Aws
) -> None:
    """As `holdfast unlock` does it: the entity tag is that of the document that a read shows."""
    http.lock(document())
    wanted: Any = {"Bucket": BUCKET, "Key": LOCK_FILE}
    with refused("PreconditionFailed"):
        aws.s3.delete_object(**wanted, IfMatch='"not-this-one"')
    shown = aws.s3.get_object(**wanted)
    aws.s3.delete_object(**wanted, IfMatch=shown["ETag"])
    assert http.lock(document()).status == 200


def test_a_lock_over_http_is_released_through_a_table_if_it_is_the_one_that_was_shown(
    http: HttpBackend, aws: Aws
) -> None:
    """As OpenTofu does it."""
    http.lock(document())
    shown = Locker(aws, "dynamodb").holder()
    assert shown is not None
    aws.dynamodb.delete_item(
        TableName=TABLE,
        Key={"LockID": {"S": LOCK_ID}},
        ConditionExpression="Info = :info",
        ExpressionAttributeValues={":info": {"S": shown.decode()}},
    )
    assert http.lock(document()).status == 200


@pytest.mark.parametrize("mode", MODES)
def test_a_write_over_http_by_the_id_of_a_lock_of_the_others(
    http: HttpBackend, aws: Aws, mode: str
) -> None:
    """The ID is the proof, wherever the lock was taken."""
    locker = Locker(aws, mode, **session(aws))
    locker.lock()
    assert http.post(state(1), id_of(locker.document)).status == 200
    assert http.post(state(2), "other").status == 409


@pytest.mark.parametrize("one_key", [False, True])
def test_a_write_through_s3_while_another_holds_the_lock_over_http(
    http: HttpBackend, aws: Aws, one_key: bool
) -> None:
    """The fence refuses it: the holder would name its lock, whoever else has its key."""
    lock = document()
    http.lock(lock)
    http.post(state(1), id_of(lock))
    s3 = aws.s3 if one_key else aws.client("s3", **session(aws))
    with pytest.raises(s3.exceptions.ClientError, match=r"fence\.held"):
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=state(2))


def test_a_write_over_http_that_a_rule_refuses(http: HttpBackend) -> None:
    """409 with the rule, what it compared, and what to do next."""
    http.post(state(5))
    answer = http.post(state(4))
    assert answer.status == 409
    assert answer.said["rule"] == "fence.stale"
    assert "serial 5" in answer.said["error"]
    assert "holdfast override" in answer.said["next"]
