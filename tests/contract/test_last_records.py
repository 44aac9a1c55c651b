"""The contract for the last record of a kind, which an engine may keep unnoticed."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_store import Store
from failing_commits import commits_fail
from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, EngineError, Reader, Writer
from holdfast.engine.records import Setting
from holdfast.engine.state_records import JournalEntry

Step = tuple[str, int]  # what to do, and with which number


def entry(number: int, event: bytes = b"{}") -> JournalEntry:
    """Return an entry."""
    return JournalEntry(number=number, event=event, chain=bytes(32))


def last(tx: Reader) -> int | None:
    """Return the number of the last entry."""
    found = tx.last(JournalEntry)
    return None if found is None else found.number


def append(tx: Writer) -> int:
    """Put an entry behind the last."""
    number = (last(tx) or 0) + 1
    tx.put(entry(number))
    return number


def failing(tx: Writer) -> None:
    """Put an entry, and raise."""
    append(tx)
    raise LookupError


def numbers(engine: Engine) -> list[int]:
    """Return what there is."""
    return engine.view(lambda tx: [one.number for one in tx.scan(JournalEntry)])


def test_the_kinds_that_grow() -> None:
    """Only what is never taken away again."""
    assert {kind.kind for kind in KINDS if kind.grows} == {"journal_entry"}


def test_there_is_none_of_no_records(engine: Engine) -> None:
    """Neither in a view nor in an update."""
    assert engine.view(last) is None
    assert engine.update(last) is None


def test_the_last_of_any_kind(engine: Engine) -> None:
    """By its key, whatever was put last."""
    for name in "bca":
        engine.update(lambda tx, name=name: tx.put(Setting(name=name, value=b"")))  # type: ignore[misc]
    for found in (
        engine.view(lambda tx: tx.last(Setting)),
        engine.update(lambda tx: tx.last(Setting)),
    ):
        assert found is not None
        assert found.name == "c"


def test_each_update_goes_on_from_the_one_before(engine: Engine) -> None:
    """Alone, and several in one commit."""
    assert [engine.update(append) for _ in range(3)] == [1, 2, 3]
    assert engine.ask_turn(lambda: None)
    assert [one.result for one in engine.update_all([append] * 3)] == [4, 5, 6]
    assert engine.view(last) == 6


def test_what_was_taken_back_is_not_the_last(engine: Engine) -> None:
    """Alone, first in a commit, and behind another one in it."""
    engine.update(append)
    with pytest.raises(LookupError):
        engine.update(failing)
    assert engine.update(append) == 2
    for works in ([failing, append], [append, failing, append]):
        assert engine.ask_turn(lambda: None)
        engine.update_all(works)
    assert numbers(engine) == [1, 2, 3, 4, 5]


def test_a_commit_that_failed_has_no_last(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of its updates was kept, however well they went."""
    store.engine.update(append)

    problem = sqlite3.OperationalError("disk I/O error")
    with commits_fail(store.engine, monkeypatch, problem), pytest.raises(EngineError):
        store.engine.update(append)
    assert store.engine.update(append) == 2
    assert numbers(store.engine) == [1, 2]


def test_one_that_was_dropped_is_not_the_last(engine: Engine) -> None:
    """The one before it is."""
    for _ in range(3):
        engine.update(append)
    engine.update(lambda tx: tx.drop(JournalEntry, 3))
    assert engine.update(last) == 2


def test_the_last_is_as_it_was_put_last(engine: Engine) -> None:
    """One that is put again is another one from then on."""
    engine.update(append)
    engine.update(lambda tx: tx.put(entry(1, b"changed")))
    found = engine.update(lambda tx: tx.last(JournalEntry))
    assert found is not None
    assert found.event == b"changed"


@given(
    updates=st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.sampled_from(["put", "drop", "last"]), st.integers(1, 6)), max_size=5
            ),
            st.booleans(),
        ),
        max_size=8,
    )
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
def test_it_is_what_a_scan_finds(engine: Engine, updates: list[tuple[list[Step], bool]]) -> None:
    """Whatever is put, dropped and taken back, in whatever order."""

    def clear(tx: Writer) -> None:
        for one in list(tx.scan(JournalEntry)):
            tx.drop(JournalEntry, one.number)

    def work(tx: Writer, steps: list[Step], *, fails: bool) -> None:
        for what, number in steps:
            if what == "put":
                tx.put(entry(number))
            elif what == "drop":
                tx.drop(JournalEntry, number)
            else:
                found = [one.number for one in tx.scan(JournalEntry)]
                assert last(tx) == (found[-1] if found else None)
        if fails:
            raise LookupError

    engine.update(clear)
    for steps, fails in updates:
        try:
            engine.update(lambda tx, steps=steps, fails=fails: work(tx, steps, fails=fails))  # type: ignore[misc]
        except LookupError:
            assert fails
        known = numbers(engine)
        assert engine.update(last) == engine.view(last) == (known[-1] if known else None)
