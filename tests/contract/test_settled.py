"""The contract for records that an engine may keep: nobody can tell that it does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest

from contract_store import Store
from holdfast.engine.access_records import User
from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, EngineClosed, EngineError, Reader, Writer
from holdfast.engine.records import Item, Setting

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def user(number: int, name: str = "ann") -> User:
    """Return a user, told from other states of it by the id."""
    return User(name=name, user_id=str(number), created=NOW)


def put(engine: Engine, number: int, name: str = "ann") -> None:
    """Put a user in an update of its own."""
    engine.update(lambda tx: tx.put(user(number, name)))


def number_of(tx: Reader, name: str = "ann") -> int | None:
    """Return what tells the states of a user from each other."""
    found = tx.get(User, name)
    return None if found is None else int(found.user_id)


def test_the_kinds_that_may_be_kept() -> None:
    """What every request writes is none of them."""
    kept = {kind.kind for kind in KINDS if kind.settled}
    assert kept == {"access_key", "bucket", "key", "role", "session", "table", "user"}


def test_a_change_is_seen_by_every_later_view(engine: Engine) -> None:
    """Also one of a record that was read before, and one from another thread."""
    with ThreadPoolExecutor(4) as threads:
        for number in range(50):
            put(engine, number)
            assert engine.view(number_of) == number
            assert threads.submit(engine.view, number_of).result() == number


def test_a_removal_is_seen(engine: Engine) -> None:
    """A key that was taken away stops at once."""
    put(engine, 1)
    assert engine.view(number_of) == 1
    engine.update(lambda tx: tx.drop(User, "ann"))
    assert engine.view(number_of) is None


def test_one_that_was_missing_is_found_later(engine: Engine) -> None:
    """That there is none is not kept."""
    assert engine.view(number_of) is None
    put(engine, 1)
    assert engine.view(number_of) == 1


def test_keys_are_told_apart(engine: Engine) -> None:
    """Of the same kind."""
    put(engine, 1, "ann")
    put(engine, 2, "bob")
    assert engine.view(lambda tx: [number_of(tx, name) for name in ("ann", "bob", "ann")]) == [
        *(1, 2, 1)
    ]


def test_an_update_sees_its_own_changes(engine: Engine) -> None:
    """Put, dropped and put again."""
    put(engine, 1)

    def work(tx: Writer) -> list[int | None]:
        seen = [number_of(tx)]
        tx.put(user(2))
        seen.append(number_of(tx))
        tx.drop(User, "ann")
        seen.append(number_of(tx))
        tx.put(user(3))
        return [*seen, number_of(tx)]

    assert engine.update(work) == [1, 2, None, 3]
    assert engine.view(number_of) == 3


def test_a_change_that_was_taken_back_is_not_seen(engine: Engine) -> None:
    """Neither by views nor by updates."""
    put(engine, 1)

    def work(tx: Writer) -> None:
        tx.put(user(2))
        assert number_of(tx) == 2
        raise LookupError

    with pytest.raises(LookupError):
        engine.update(work)
    assert engine.view(number_of) == 1
    assert engine.update(number_of) == 1


def test_updates_of_one_commit_see_each_other(engine: Engine) -> None:
    """In their order; one that is taken back between them is not seen."""
    put(engine, 1)

    def failing(tx: Writer) -> None:
        tx.put(user(9))
        raise LookupError

    works = [number_of, lambda tx: tx.put(user(2)), number_of, failing, number_of]
    assert engine.ask_turn(lambda: None)
    outcomes = engine.update_all(works)
    assert [outcomes[at].result for at in (0, 2, 4)] == [1, 2, 2]
    assert engine.view(number_of) == 2


def test_a_view_sees_one_moment_whatever_is_kept(engine: Engine) -> None:
    """A settled record and another that are always written together are always read equal."""
    stop = threading.Event()

    def writer() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            engine.update(partial(both, number=number))

    def both(tx: Writer, number: int) -> None:
        tx.put(user(number))
        tx.put(Setting(name="ann", value=b"%d" % number))

    def read(tx: Reader) -> tuple[int | None, int]:
        number, other = number_of(tx), tx.get(Setting, "ann")
        return number, int(other.value) if other else 0

    engine.update(partial(both, number=0))
    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(300):
            number, other = engine.view(read)
            assert number == other
    finally:
        stop.set()
        thread.join()


def test_a_view_that_a_change_overtakes_is_begun_again(engine: Engine) -> None:
    """It had the settled record from before the change, and would have the rest from after it."""
    put(engine, 1)
    engine.view(number_of)
    calls = 0

    def change() -> None:
        def work(tx: Writer) -> None:
            tx.put(user(2))
            tx.put(Setting(name="ann", value=b"2"))

        engine.update(work)

    def read(tx: Reader) -> tuple[int | None, bytes]:
        nonlocal calls
        calls += 1
        number = number_of(tx)
        if calls == 1:
            thread = threading.Thread(target=change)
            thread.start()
            thread.join()
        other = tx.get(Setting, "ann")
        return number, other.value if other else b""

    assert engine.view(read) in ((1, b""), (2, b"2"))


def test_other_records_are_read_every_time(engine: Engine) -> None:
    """Items change with every request."""
    for size in (1, 2):
        item = Item(table_id=b"t", hash=b"h", range=b"", data=b"", size=size)
        engine.update(lambda tx, item=item: tx.put(item))  # type: ignore[misc]
        found = engine.view(lambda tx: tx.get(Item, b"t", b"h", b""))
        assert found is not None
        assert found.size == size


def test_a_kept_record_is_read_from_no_closed_engine(engine: Engine) -> None:
    """Nor through a reader whose view has ended."""
    put(engine, 1)
    reader = engine.view(lambda tx: (number_of(tx), tx))[1]
    with pytest.raises(EngineError, match="ended"):
        number_of(reader)
    engine.close()
    with pytest.raises(EngineClosed):
        engine.view(number_of)


def test_what_was_kept_does_not_outlive_the_engine(store: Store) -> None:
    """Another one on the same data reads what is there."""
    put(store.engine, 1)
    assert store.engine.view(number_of) == 1
    assert store.reopen().view(number_of) == 1
