"""Locks, in every mode and always between two clients: taken, refused, waited for, lost, broken."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from client_site import KEY, LOCKS, Site, made_state
from faulty_clients import break_after, break_before, ignore_if_match, lose_answer, record
from holdfast import LockHeld, LockLost
from holdfast.client import locking
from holdfast.client.errors import (
    LockNotReleased,
    NoSuchLock,
    NoSuchState,
    ServiceFailed,
    Unreachable,
)
from holdfast.client.locking import Waiting


@pytest.fixture(params=["table", "file", "both"])
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def left_of(site: Site, key: str = KEY) -> list[str]:
    """Return the places in which a lock of a state lies, as plain clients see them."""
    objects = site.keys()
    found = ["file"] if f"{key}.tflock" in objects else []
    return found + (["table"] if site.item(f"{site.bucket}/{key}") else [])


def test_a_lock_lies_where_the_block_says(site: Site, mode: str) -> None:
    """In the file before the table, and in no other place; afterwards in none."""
    places = {"table": ["table"], "file": ["file"], "both": ["file", "table"]}[mode]

    with site.backend(lock=mode).lock("test") as held:
        assert list(held.places) == places
        assert left_of(site) == places

    assert left_of(site) == []


def test_the_document_is_what_go_would_write(site: Site) -> None:
    """The same compact bytes in both places, Terraform's fields in Terraform's order."""
    with site.backend().lock("a <test> & more", info="why") as held:
        text = site.item(f"{site.bucket}/{KEY}")["Info"]
        assert site.body(f"{KEY}.tflock").decode() == text

    fields = json.loads(text)
    assert list(fields) == ["ID", "Operation", "Info", "Who", "Version", "Created", "Path"]
    assert (fields["ID"], fields["Path"]) == (held.info.id, f"{site.bucket}/{KEY}")
    assert '"Operation":"a \\u003ctest\\u003e \\u0026 more","Info":"why","Who":"' in text
    assert "@" in fields["Who"]


def test_a_second_client_is_refused_and_told_who_holds_it(site: Site, mode: str) -> None:
    """The error carries the holder's document, and leaves nothing behind."""
    with site.backend(lock=mode).lock("first", info="mine") as held:
        with pytest.raises(LockHeld, match=f"locked by .* for first .*{held.info.id}") as refused:
            site.backend(lock=mode).lock("second")
        assert refused.value.holder == held.info
        assert refused.value.where == held.places[0]
        assert {found.document for found in site.backend().holder()} == {held.info.document()}

    site.backend(lock=mode).lock("second").release()


def test_locks_of_two_workspaces_are_apart(site: Site, mode: str) -> None:
    """Both are held at once."""
    with (
        site.backend(lock=mode, workspace="a").lock("x"),
        site.backend(lock=mode, workspace="b").lock("y") as held,
    ):
        assert held.address.lock_id == f"{site.bucket}/env:/b/{KEY}"


def test_the_file_is_given_back_if_the_table_refuses(site: Site) -> None:
    """A client that uses both leaves no file where the table is another's."""
    with site.backend(lock="table").lock("first") as held:
        with pytest.raises(LockHeld) as refused:
            site.backend(lock="both").lock("second")
        assert (refused.value.where, refused.value.holder) == ("table", held.info)
        assert left_of(site) == ["table"]


def test_the_file_is_given_back_if_the_table_is_out_of_reach(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the second place is no lock in the first."""
    backend = site.backend()
    break_before(monkeypatch, backend.connection.dynamodb, "put_item")

    with pytest.raises(Unreachable):
        backend.lock("test")

    assert left_of(site) == []


def test_a_waiting_client_gets_the_lock_when_the_holder_leaves(site: Site, mode: str) -> None:
    """It is told whom it waits for, and goes on."""
    first = site.backend(lock=mode).lock("first")
    told: list[Waiting] = []
    refused_once = threading.Event()

    def tell(waiting: Waiting) -> None:
        told.append(waiting)
        refused_once.set()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(site.backend(lock=mode).lock, "second", 60, on_wait=tell)
        assert refused_once.wait(60)
        first.release()
        second = waiting.result(60)

    assert second.info.operation == "second"
    assert (told[0].holder, told[0].where, told[0].attempts) == (first.info, first.places[0], 1)
    assert 0 < told[0].left <= 60
    second.release()


def test_waiting_ends_with_its_timeout(site: Site, mode: str) -> None:
    """Who waits in vain is told who held it all the time."""
    with site.backend(lock=mode).lock("first") as held, pytest.raises(LockHeld) as refused:
        site.backend(lock=mode).lock("second", timeout=0.5)

    assert refused.value.holder == held.info


def test_a_lost_answer_does_not_lock_us_out(
    site: Site, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeated lock write meets the first one, and knows it for its own."""
    backend = site.backend(lock=mode)
    lose_answer(monkeypatch, backend.connection.dynamodb, "put_item")
    lose_answer(monkeypatch, backend.connection.s3, "put_object")

    with backend.lock("test") as held:
        held.check()

    assert left_of(site) == []


def test_a_lock_without_an_answer_is_taken_back(
    site: Site, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no answer ever comes, the lock that was stored all the same does not stay."""
    backend = site.backend(lock=mode)
    break_after(monkeypatch, backend.connection.dynamodb, "put_item")
    break_after(monkeypatch, backend.connection.s3, "put_object")

    with pytest.raises(Unreachable):
        backend.lock("test")

    assert left_of(site) == []


def test_a_lock_that_arrived_before_a_refusal_is_taken_back(
    site: Site, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first attempt was lost, and the SDK's second one was throttled."""
    backend = site.backend(lock=mode)
    answer: Any = {
        "Error": {"Code": "ThrottlingException"},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 1},
    }
    client, operation = {
        "table": (backend.connection.dynamodb, "put_item"),
        "file": (backend.connection.s3, "put_object"),
        "both": (backend.connection.dynamodb, "put_item"),
    }[mode]
    real = getattr(client, operation)

    def throttled(**parameters: Any) -> None:
        real(**parameters)
        raise ClientError(answer, operation)

    monkeypatch.setattr(client, operation, throttled)
    with pytest.raises(Unreachable):
        backend.lock("test")

    assert left_of(site) == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ConditionalRequestConflict", 409),
        ("ThrottlingException", 400),
        ("SlowDown", 503),
    ],
)
def test_a_release_is_repeated_when_the_service_is_busy(
    site: Site, code: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving up would leave the lock."""
    monkeypatch.setattr("holdfast.client.locking.time.sleep", lambda _seconds: None)
    backend = site.backend()
    held = backend.lock("test")
    refuse_once(monkeypatch, backend.connection.s3, "delete_object", code, status)
    refuse_once(monkeypatch, backend.connection.dynamodb, "delete_item", code, status)

    held.release()

    assert left_of(site) == []


def test_expired_credentials_say_nothing_about_conditions(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 400 to them, as other stores do to a header that they do not know."""
    backend = site.backend(lock="file")
    held = backend.lock("test")
    refuse_once(monkeypatch, backend.connection.s3, "delete_object", "ExpiredToken", 400)

    with pytest.raises(LockNotReleased, match="credentials have expired"):
        held.release()

    known = backend.connection.conditional_deletes
    held.release()
    assert (known, backend.connection.conditional_deletes) == (None, True)
    assert left_of(site) == []


def refuse_once(
    monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, code: str, status: int
) -> None:
    """Let the service refuse the next call."""
    real, calls = getattr(client, operation), list[None]()
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def refused(**parameters: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            raise ClientError(answer, operation)
        return real(**parameters)

    monkeypatch.setattr(client, operation, refused)


def test_releasing_is_one_conditional_delete_in_each_place(site: Site) -> None:
    """Once it is known that the store honours the condition, nothing is read first."""
    backend = site.backend()
    backend.lock("first").release()
    held = backend.lock("second")
    sent: list[str] = []
    record(backend.connection.s3, sent)
    record(backend.connection.dynamodb, sent)

    held.release()

    assert sent == ["DeleteObject", "DeleteItem"]


def test_anothers_lock_is_never_removed(site: Site, mode: str) -> None:
    """Who was forced out and released late leaves the next holder alone, and is told of it."""
    ours = site.backend(lock=mode).lock("first")
    site.backend(lock=mode).unlock(ours.info.id)
    theirs = site.backend(lock=mode).lock("second")

    with pytest.raises(LockLost, match=r"now held by .* for second") as lost:
        ours.release()

    assert lost.value.holder == theirs.info
    assert lost.value.places == theirs.places
    theirs.check()
    theirs.release()


def test_a_lock_that_is_gone_is_said(site: Site, mode: str) -> None:
    """Checking and releasing both say that nobody holds it any more."""
    held = site.backend(lock=mode).lock("test")
    site.backend(lock=mode).unlock(held.info.id)

    with pytest.raises(LockLost, match="nobody holds it now"):
        held.check()
    with pytest.raises(LockLost, match="nobody holds it now"):
        held.release()
    held.release()  # twice does no harm


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_leaving_by_an_error_releases(site: Site, mode: str, error: type[BaseException]) -> None:
    """Whatever happens inside, the lock does not stay."""
    with pytest.raises(error), site.backend(lock=mode).lock("test"):
        raise error

    assert left_of(site) == []


def test_an_error_inside_matters_more_than_a_lost_lock(site: Site) -> None:
    """It is raised as it is, with a note about the lock."""

    def fail() -> None:
        with site.backend().lock("test") as held:
            site.backend().unlock(held.info.id)
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside") as raised:
        fail()

    assert "nobody holds it now" in raised.value.__notes__[0]


def test_a_lock_that_cannot_be_released_is_said(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other place is released all the same; the rest can be released later."""
    monkeypatch.setattr("holdfast.client.locking.time.sleep", lambda _seconds: None)
    backend = site.backend()
    held = backend.lock("test")
    with monkeypatch.context() as broken:
        break_before(broken, backend.connection.dynamodb, "delete_item")
        with pytest.raises(LockNotReleased, match=f"unlock {KEY} --id {held.info.id}") as failed:
            held.release()
    assert failed.value.places == ("table",)
    assert left_of(site) == ["table"]

    held.release()
    assert left_of(site) == []


def test_a_short_outage_does_not_keep_a_lock(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release is tried again."""
    monkeypatch.setattr("holdfast.client.locking.time.sleep", lambda _seconds: None)
    backend = site.backend()
    held = backend.lock("test")
    break_before(monkeypatch, backend.connection.dynamodb, "delete_item", times=2)
    break_before(monkeypatch, backend.connection.s3, "delete_object", times=1)

    held.release()

    assert left_of(site) == []


def test_a_lost_answer_to_a_release_is_no_lost_lock(
    site: Site, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a first attempt removed is not missed by the second."""
    monkeypatch.setattr("holdfast.client.locking.time.sleep", lambda _seconds: None)
    backend = site.backend(lock=mode)
    backend.lock("first").release()
    held = backend.lock("second")
    break_after(monkeypatch, backend.connection.dynamodb, "delete_item")
    break_after(monkeypatch, backend.connection.s3, "delete_object")

    held.release()

    assert left_of(site) == []


def test_only_the_right_id_unlocks(site: Site, mode: str) -> None:
    """A wrong id is told which lock there is; the right one frees every place."""
    held = site.backend(lock=mode).lock("test")
    breaker = site.backend(lock=mode)

    with pytest.raises(NoSuchLock, match=held.info.id):
        breaker.unlock("00000000-0000-4000-8000-000000000000")
    assert left_of(site) == list(held.places)

    assert [removed.where for removed in breaker.unlock(held.info.id)] == list(held.places)
    assert left_of(site) == []
    with pytest.raises(NoSuchLock, match="is not locked"):
        breaker.unlock(held.info.id)


def test_a_lock_that_was_looked_at_is_the_one_that_is_broken(site: Site, mode: str) -> None:
    """If it was released and taken again meanwhile, the new one stays."""
    first = site.backend(lock=mode).lock("first")
    seen = site.backend(lock=mode).holder()
    first.release()
    second = site.backend(lock=mode).lock("second")

    for found in seen:
        with pytest.raises(NoSuchLock, match="for second"):
            site.backend(lock=mode).unlock(found)

    second.check()
    second.release()


@pytest.mark.parametrize("text", ["", "not json", "{}", '{"ID":""}'])
def test_an_unreadable_lock_is_shown_and_can_be_broken(site: Site, text: str) -> None:
    """A damaged document stops us as any lock does, and goes only by what was seen of it."""
    site.s3.put_object(Bucket=site.bucket, Key=f"{KEY}.tflock", Body=text.encode())
    item = {"LockID": {"S": f"{site.bucket}/{KEY}"}}
    site.dynamodb.put_item(
        TableName=site.table, Item={**item, "Info": {"S": text}} if text else item
    )
    for mode in ("file", "table"):
        backend = site.backend(lock=mode)
        with pytest.raises(LockHeld, match="cannot be read") as refused:
            backend.lock("test")
        assert refused.value.holder is None
        (found,) = backend.holder()
        assert found.unreadable
        backend.unlock(found)

    assert left_of(site) == []


def test_a_store_that_ignores_the_condition_is_found_out(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once; locks are then released as Terraform does it, and others' stay."""
    backend = site.backend(lock="file")
    ignore_if_match(backend.connection.s3)
    with caplog.at_level(logging.WARNING, "holdfast"):
        backend.lock("first").release()
        assert left_of(site) == []
        ours = backend.lock("second")
        site.backend(lock="file").unlock(ours.info.id)
        theirs = site.backend(lock="file").lock("third")
        with pytest.raises(LockLost):
            ours.release()

    theirs.check()
    theirs.release()
    assert backend.connection.conditional_deletes is False
    assert len(caplog.records) == 1


def test_a_store_without_conditional_writes_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a lock file would lock nothing; the error says what does."""
    backend = site.backend(lock="file")
    answer: Any = {
        "Error": {"Code": "NotImplemented"},
        "ResponseMetadata": {"HTTPStatusCode": 501},
    }

    def refuse(**_: Any) -> None:
        raise ClientError(answer, "PutObject")

    monkeypatch.setattr(backend.connection.s3, "put_object", refuse)
    with pytest.raises(ServiceFailed, match="dynamodb_table"):
        backend.lock("test")


def test_two_lock_writes_at_the_same_moment_are_repeated(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 may answer 409 to one of them, which says nothing about who has the lock."""
    backend = site.backend(lock="file")
    real = backend.connection.s3.put_object
    calls: list[None] = []
    answer: Any = {
        "Error": {"Code": "ConditionalRequestConflict"},
        "ResponseMetadata": {"HTTPStatusCode": 409},
    }

    def conflict(**parameters: Any) -> Any:
        calls.append(None)
        if len(calls) < 3:
            raise ClientError(answer, "PutObject")
        return real(**parameters)

    monkeypatch.setattr(backend.connection.s3, "put_object", conflict)
    with backend.lock("test") as held:
        held.check()


def test_a_holder_whom_we_may_not_read_stops_us_all_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, and the lock file cannot be read: it is still a lock that is held."""
    backend = site.backend(lock="file")
    answer: Any = {
        "Error": {"Code": "AccessDenied"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }

    def deny(**_: Any) -> None:
        raise ClientError(answer, "GetObject")

    with site.backend(lock="file").lock("first"):
        monkeypatch.setattr(backend.connection.s3, "get_object", deny)
        with pytest.raises(LockHeld, match="cannot be read"):
            backend.lock("second")


def test_without_a_place_nothing_is_locked(site: Site) -> None:
    """As Terraform, which then locks nothing either; the lock says so."""
    with site.backend(lock="none").lock("first") as held, site.backend(lock="none").lock("second"):
        held.check()
        assert held.places == ()


@pytest.mark.parametrize("lock", [name for name in LOCKS if name != "none"])
def test_many_writers_lose_nothing(site: Site, lock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that add one to the serial, all at the same time, leave the sum."""
    monkeypatch.setattr(locking, "LONGEST_WAIT", 0.1)  # the race is what counts, not the patience
    clients = [site.backend(lock=lock) for _ in range(2)]
    writers, rounds = 6, 2

    def count(number: int) -> None:
        backend = clients[number % len(clients)]
        for _ in range(rounds):
            with backend.lock(f"writer-{number}", timeout=240) as held:
                try:
                    serial = backend.read().header.serial
                except NoSuchState:
                    serial = 0
                backend.write(made_state(serial + 1), held=held)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(count, range(writers)))

    assert site.backend(lock=lock).read().header.serial == writers * rounds
    assert left_of(site) == []
    assert [version.serial for version in clients[0].history()] == list(
        range(writers * rounds, 0, -1)
    )


def test_one_of_many_gets_the_lock(site: Site, mode: str) -> None:
    """Of clients that try once at the same moment, one holds it and the rest are refused."""
    clients = [site.backend(lock=mode) for _ in range(3)]
    for client in clients:
        client.holder()  # connected before the race
    together = threading.Barrier(12)

    def attempt(number: int) -> locking.HeldLock | None:
        together.wait()
        try:
            return clients[number % 3].lock(f"try-{number}")
        except LockHeld:
            return None

    with ThreadPoolExecutor(12) as pool:
        won = [held for held in pool.map(attempt, range(12)) if held]

    assert len(won) == 1
    won[0].check()
    won[0].release()
