"""The contract for records that an engine may remember: an update sees what is there then."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_store import Store
from failing_commits import commits_fail
from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, EngineError, Reader, Work, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Item
from holdfast.engine.state_records import State

Step = tuple[str, str, int]  # what to do, under which key, with which number


class Sort:
    """A kind of record with a number in it, under a key of one letter."""

    def __init__(self, make: Callable[[str, int], Record]) -> None:
        """Take what makes one."""
        self.make = make
        self.kind = type(make("a", 0))

    def key(self, letter: str) -> tuple[Any, ...]:
        """Return the values of the key fields."""
        record = self.make(letter, 0)
        return tuple(getattr(record, name) for name in self.kind.key_fields)

    def put(self, tx: Writer, number: int, letter: str = "a") -> None:
        """Put one."""
        tx.put(self.make(letter, number))

    def get(self, tx: Reader, letter: str = "a") -> int | None:
        """Return the number that is there."""
        found = tx.get(self.kind, *self.key(letter))
        return (
            None if found is None else next(n for n in range(100) if self.make(letter, n) == found)
        )

    def drop(self, tx: Writer, letter: str = "a") -> None:
        """Drop it."""
        tx.drop(self.kind, *self.key(letter))


def _item(letter: str, number: int) -> Item:
    return Item(table_id=b"t", hash=letter.encode(), range=b"", data=b"", size=number)


SORTS = {
    "reread": Sort(_item),
    "followed": Sort(lambda letter, number: State(bucket="b", key=letter, serial=number)),
}


@pytest.fixture(params=sorted(SORTS))
def sort(request: pytest.FixtureRequest) -> Sort:
    """Return a kind that an engine may remember: in an update, or from one to the next."""
    return SORTS[request.param]


def test_the_kinds_that_are_remembered() -> None:
    """Large ones are not among them."""
    assert {kind.kind for kind in KINDS if kind.reread} == {"item", "object"}
    assert {kind.kind for kind in KINDS if kind.followed} == {"state"}


def test_an_update_sees_what_it_put_and_dropped(engine: Engine, sort: Sort) -> None:
    """Whatever it has seen before under that key."""

    def work(tx: Writer) -> list[int | None]:
        seen = [sort.get(tx), sort.get(tx)]
        for number in (1, 2):
            sort.put(tx, number)
            seen += [sort.get(tx), sort.get(tx)]
        sort.drop(tx)
        seen += [sort.get(tx), sort.get(tx)]
        sort.put(tx, 3)
        return [*seen, sort.get(tx)]

    assert engine.update(work) == [None, None, 1, 1, 2, 2, None, None, 3]
    assert engine.view(sort.get) == 3


def test_keys_are_told_apart(engine: Engine, sort: Sort) -> None:
    """Of the same kind."""

    def work(tx: Writer) -> list[int | None]:
        for number, letter in enumerate("ab"):
            sort.put(tx, number, letter)
        return [sort.get(tx, letter) for letter in "aba"]

    assert engine.update(work) == [0, 1, 0]


def test_what_was_taken_back_is_not_there(engine: Engine, sort: Sort) -> None:
    """Neither what was put nor what was dropped."""
    engine.update(lambda tx: sort.put(tx, 1))

    def failing(tx: Writer, what: Callable[[Writer], None]) -> None:
        what(tx)
        sort.get(tx)
        raise LookupError

    for what in (lambda tx: sort.put(tx, 9), sort.drop):
        with pytest.raises(LookupError):
            engine.update(lambda tx, what=what: failing(tx, what))  # type: ignore[misc]
        assert engine.update(sort.get) == 1


def test_updates_of_one_commit_see_each_other(engine: Engine, sort: Sort) -> None:
    """In their order; one that is taken back between them is not seen."""

    def failing(tx: Writer) -> None:
        sort.put(tx, 9)
        raise LookupError

    works: list[Work] = [sort.get, lambda tx: sort.put(tx, 2), sort.get, failing, sort.get]
    assert engine.ask_turn(lambda: None)
    outcomes = engine.update_all(works)
    assert [outcomes[at].result for at in (0, 2, 4)] == [None, 2, 2]
    assert engine.view(sort.get) == 2


def test_a_commit_that_failed_leaves_what_was_there(
    store: Store, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However well its updates went."""
    store.engine.update(lambda tx: sort.put(tx, 1))
    problem = sqlite3.OperationalError("disk I/O error")
    with commits_fail(store.engine, monkeypatch, problem), pytest.raises(EngineError):
        store.engine.update(lambda tx: sort.put(tx, 2))
    assert store.engine.update(sort.get) == 1


def test_more_than_are_remembered_are_all_there(engine: Engine) -> None:
    """The others are read."""

    def put(tx: Writer) -> None:
        for number in range(600):
            tx.put(State(bucket="b", key=str(number), serial=number))

    def serials(tx: Reader) -> list[int | None]:
        found = [tx.get(State, "b", str(number)) for number in range(600)]
        return [one.serial for one in found if one is not None]

    engine.update(put)
    assert engine.update(serials) == list(range(600))


STEPS = st.tuples(st.sampled_from(["put", "drop", "get"]), st.sampled_from("ab"), st.integers(0, 9))


@given(updates=st.lists(st.tuples(st.lists(STEPS, max_size=6), st.booleans()), max_size=8))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
def test_it_is_what_a_table_without_memory_has(
    engine: Engine, sort: Sort, updates: list[tuple[list[Step], bool]]
) -> None:
    """Whatever is put, dropped and taken back, in whatever order."""
    kept: dict[str, int] = {}

    def work(tx: Writer, steps: list[Step], now: dict[str, int], *, fails: bool) -> None:
        for what, letter, number in steps:
            if what == "put":
                sort.put(tx, number, letter)
                now[letter] = number
            elif what == "drop":
                sort.drop(tx, letter)
                now.pop(letter, None)
            else:
                assert sort.get(tx, letter) == now.get(letter)
        if fails:
            raise LookupError

    for letter in "ab":
        engine.update(lambda tx, letter=letter: sort.drop(tx, letter))  # type: ignore[misc]
    for steps, fails in updates:
        now = dict(kept)
        try:
            engine.update(
                lambda tx, steps=steps, now=now, fails=fails: work(tx, steps, now, fails=fails)  # type: ignore[misc]
            )
            kept = now
        except LookupError:
            assert fails
        for letter in "ab":
            assert engine.view(lambda tx, letter=letter: sort.get(tx, letter)) == kept.get(letter)  # type: ignore[misc]
