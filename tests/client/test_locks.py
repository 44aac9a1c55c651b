"""All locks of a bucket and a table, and breaking exactly the one that was seen."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from client_site import KEY, Site, made_state
from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, NoSuchLock, NoSuchTable
from holdfast.client.found_locks import Held
from holdfast.client.locking import HeldLock
from holdfast.operations.locks import StateLock, all_locks, lock_of, now
from holdfast.operations.unlock import chosen, unlock, written_since

MODES = ["table", "file", "both"]


def left(site: Site, mode: str, key: str = KEY) -> HeldLock:
    """Take a lock with a client that then forgets it."""
    return site.backend(key, mode).lock("OperationTypeApply", info="left behind")


def seen(backend: Backend) -> StateLock:
    """Return the lock of the backend's state, which has to be there."""
    found = lock_of(backend.connection, backend.address)
    assert found
    return found


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_of_each_mode_is_listed_once(site: Site, mode: str) -> None:
    """Holder, operation, state and places are those of the lock."""
    held = left(site, mode)

    (found,) = all_locks(site.backend("").connection).locks

    assert found.address == held.address
    assert found.ids == (held.info.id,)
    assert set(found.places) == set(held.places)
    assert (found.info.operation, found.info.info) == ("OperationTypeApply", "left behind")
    age = found.age(now())
    assert age is not None
    assert age < timedelta(minutes=1)


def test_locks_of_workspaces_and_other_buckets_of_the_table_are_listed(site: Site) -> None:
    """A table is shared, and keys below `env:` belong to workspaces."""
    site.backend(workspace="dev", lock="table").lock("x")
    item = {"LockID": {"S": "elsewhere/a/b.tfstate"}, "Info": {"S": '{"ID":"one","Who":"me"}'}}
    site.dynamodb.put_item(TableName=site.table, Item=item)

    ours, theirs = sorted(
        all_locks(site.backend().connection).locks, key=lambda x: x.ids == ("one",)
    )

    assert (ours.address.workspace, ours.address.key) == ("dev", KEY)
    assert (theirs.address.bucket, theirs.address.key) == ("elsewhere", "a/b.tfstate")


def test_a_prefix_leaves_the_other_locks_out(site: Site) -> None:
    """In the table and among the files."""
    for key in ("prod/a", "prod/b", "test/a"):
        left(site, "both", key)

    found = all_locks(site.backend().connection, "prod/").locks

    assert [lock.address.key for lock in found] == ["prod/a", "prod/b"]


@pytest.mark.parametrize("document", ["", "nonsense", "{}", "\x00"])
def test_locks_whose_document_cannot_be_read_are_listed(site: Site, document: str) -> None:
    """They stop everybody as well as any other lock."""
    site.s3.put_object(Bucket=site.bucket, Key="f.tfstate.tflock", Body=document.encode())
    item = {"LockID": {"S": f"{site.bucket}/t.tfstate"}, "Info": {"S": document}}
    site.dynamodb.put_item(TableName=site.table, Item=item)

    file, table = all_locks(site.backend().connection).locks

    assert (file.address.key, table.address.key) == ("f.tfstate", "t.tfstate")
    assert file.unreadable
    assert table.unreadable
    assert file.age(now()) is None


@pytest.mark.parametrize(
    "value",
    [{"S": ""}, {"N": "1"}, {"B": b"\xff{}"}, {"M": {"ID": {"S": "x"}}}, {"NULL": True}, None],
)
def test_an_item_whose_info_is_no_string_is_listed_and_removed_as_it_was_seen(
    site: Site, value: dict[str, Any] | None
) -> None:
    """It stops everybody; once it has changed it is not the one that was meant."""
    key = {"LockID": {"S": f"{site.bucket}/{KEY}"}}
    item = key if value is None else {**key, "Info": value}
    other = {**key, "Info": {"N": "2"}}
    connection = site.backend(lock="table").connection
    site.dynamodb.put_item(TableName=site.table, Item=item)
    (found,) = all_locks(connection).locks
    assert found == seen(site.backend(lock="table"))
    assert found.unreadable

    site.dynamodb.put_item(TableName=site.table, Item=other)
    with pytest.raises(NoSuchLock):
        unlock(connection, chosen(found, None))
    site.dynamodb.put_item(TableName=site.table, Item=item)
    unlock(connection, chosen(found, None))

    assert all_locks(connection).locks == ()


def test_digests_are_no_locks(site: Site) -> None:
    """The table holds both."""
    backend = site.backend()
    with backend.lock("write") as held:
        backend.write(made_state(1), held=held)

    assert all_locks(backend.connection).locks == ()


def test_a_missing_table_hides_no_lock_file(site: Site) -> None:
    """What can be seen is returned, with the reason why it may not be all."""
    left(site, "file")
    backend = Backend(site.settings(lock="both").changed(dynamodb_table="nowhere"), cache=False)

    found = all_locks(backend.connection)

    assert len(found.locks) == 1
    assert isinstance(found.unseen[0], NoSuchTable)


def test_nothing_to_look_at_is_an_error(site: Site) -> None:
    """An empty list would be wrong if no place could be read."""
    settings = site.settings(lock="both").changed(bucket="no-such-bucket", dynamodb_table="nowhere")
    with pytest.raises(HoldfastError):
        all_locks(Backend(settings, cache=False).connection)


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_is_broken_in_every_place(site: Site, mode: str) -> None:
    """Another client can then take it."""
    held = left(site, mode)
    backend = site.backend(lock=mode)

    done = unlock(backend.connection, chosen(seen(backend), held.info.id))

    assert {part.where for part in done.removed} == set(held.places)
    with site.backend(lock=mode).lock("next"):
        pass


def test_a_lock_file_is_found_by_a_client_that_only_knows_the_table(site: Site) -> None:
    """Whoever uses lock files is stopped by it."""
    held = left(site, "file")

    assert seen(site.backend(lock="table")).ids == (held.info.id,)


@pytest.mark.parametrize("mode", MODES)
def test_the_lock_of_a_new_holder_stays(site: Site, mode: str) -> None:
    """Between the look and the deletion another took it."""
    old = left(site, mode)
    backend = site.backend(lock=mode)
    found = seen(backend)
    old.release()
    new = left(site, mode)

    with pytest.raises(NoSuchLock) as refused:
        unlock(backend.connection, found.found)

    assert refused.value.holder
    assert refused.value.holder.id == new.info.id
    new.check()


@pytest.mark.parametrize("mode", MODES)
def test_a_race_with_a_new_holder_never_breaks_the_new_lock(site: Site, mode: str) -> None:
    """Two break the same lock at the same moment; one of them takes it at once and keeps it."""
    breaker, taker = site.backend(lock=mode), site.backend(lock=mode)
    for _ in range(5):
        left(site, mode)
        found = seen(breaker).found
        start = threading.Barrier(2)
        taken: list[HeldLock] = []

        def take(start: threading.Barrier = start, taken: list[HeldLock] = taken) -> None:
            start.wait()
            _unlock_if_there(taker, seen_or_none(taker))
            taken.append(taker.lock("new", timeout=20))

        thread = threading.Thread(target=take)
        thread.start()
        start.wait()
        _unlock_if_there(breaker, found)
        thread.join()
        _unlock_if_there(breaker, found)  # and once more, when the new lock is surely there
        taken[0].check()
        taken[0].release()


def seen_or_none(backend: Backend) -> tuple[Held, ...]:
    """Return the parts of a lock; none if the other was quicker."""
    lock = lock_of(backend.connection, backend.address)
    return tuple(part for part in lock.found if part.info.info == "left behind") if lock else ()


def _unlock_if_there(backend: Backend, found: tuple[Held, ...]) -> None:
    try:
        unlock(backend.connection, found)
    except NoSuchLock:
        return


def test_two_different_locks_need_an_id(site: Site) -> None:
    """Which of them is dead cannot be known."""
    file, table = left(site, "file"), left(site, "table")
    backend = site.backend()
    lock = seen(backend)

    with pytest.raises(NoSuchLock, match="different locks"):
        chosen(lock, None)

    assert set(lock.ids) == {file.info.id, table.info.id}
    done = unlock(backend.connection, chosen(lock, file.info.id))
    assert [part.where for part in done.removed] == ["file"]
    table.check()


def test_an_id_that_is_not_held_chooses_nothing(site: Site) -> None:
    """The error names the one that is."""
    held = left(site, "both")

    with pytest.raises(NoSuchLock, match=held.info.id):
        chosen(seen(site.backend()), "another")


def test_what_was_written_since_the_lock_is_told(site: Site) -> None:
    """The versions since, and the one before."""
    backend = site.backend()
    with backend.lock("first") as held:
        backend.write(made_state(1), held=held)
    versions = list(backend.history())
    since = versions[0].last_modified

    with backend.lock("second") as held:
        backend.write(made_state(2), held=held)

    assert [
        v.serial for v in written_since(backend.connection, backend.address, since).versions
    ] == [
        2,
        1,
    ]
    later = since + timedelta(hours=1)
    none = written_since(backend.connection, backend.address, later)
    assert none.versions == ()
    assert none.before
    assert none.before.serial == 2


def test_without_a_time_nothing_is_said_of_what_was_written(site: Site) -> None:
    """The reason is."""
    backend = site.backend()

    assert "does not say" in written_since(backend.connection, backend.address, None).unknown
