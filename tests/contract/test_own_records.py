"""The contract for records that an update uses more than once: it sees what is there then."""

import pytest

from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, Reader, Work, Writer
from holdfast.engine.state_records import State


def put(tx: Writer, serial: int, key: str = "k") -> None:
    """Put what is known of a state."""
    tx.put(State(bucket="b", key=key, serial=serial))


def serial_of(tx: Reader, key: str = "k") -> int | None:
    """Return the serial of what is there."""
    found = tx.get(State, "b", key)
    return None if found is None else found.serial


def test_the_kinds_that_are_used_more_than_once() -> None:
    """Large ones are not among them: they would be held until the update ends."""
    assert {kind.kind for kind in KINDS if kind.reread} == {"item", "object", "state"}


def test_an_update_sees_what_it_put_and_dropped(engine: Engine) -> None:
    """Whatever it has seen before under that key."""

    def work(tx: Writer) -> list[int | None]:
        seen = [serial_of(tx), serial_of(tx)]
        for serial in (1, 2):
            put(tx, serial)
            seen += [serial_of(tx), serial_of(tx)]
        tx.drop(State, "b", "k")
        seen += [serial_of(tx), serial_of(tx)]
        put(tx, 3)
        return [*seen, serial_of(tx)]

    assert engine.update(work) == [None, None, 1, 1, 2, 2, None, None, 3]
    assert engine.view(serial_of) == 3


def test_a_scan_agrees_with_what_was_read(engine: Engine) -> None:
    """Within the update that wrote it."""

    def work(tx: Writer) -> list[tuple[int | None, int | None]]:
        serial_of(tx)
        put(tx, 1)
        serial_of(tx)
        put(tx, 2)
        return [(one.serial, serial_of(tx)) for one in tx.scan(State)]

    assert engine.update(work) == [(2, 2)]


def test_keys_are_told_apart(engine: Engine) -> None:
    """Of the same kind."""

    def work(tx: Writer) -> list[int | None]:
        for serial, key in enumerate("ab"):
            put(tx, serial, key)
        return [serial_of(tx, key) for key in "aba"]

    assert engine.update(work) == [0, 1, 0]


def test_nothing_is_remembered_of_an_update_that_is_over(engine: Engine) -> None:
    """Neither what it put, if it was taken back, nor what it read before somebody else wrote."""
    engine.update(lambda tx: put(tx, 1))

    def failing(tx: Writer) -> None:
        put(tx, 9)
        assert serial_of(tx) == 9
        raise LookupError

    with pytest.raises(LookupError):
        engine.update(failing)
    assert engine.update(serial_of) == 1
    engine.update(lambda tx: put(tx, 2))
    assert engine.update(serial_of) == 2


def test_updates_of_one_commit_see_each_other(engine: Engine) -> None:
    """In their order; one that is taken back between them is not seen."""

    def failing(tx: Writer) -> None:
        put(tx, 9)
        raise LookupError

    works: list[Work] = [serial_of, lambda tx: put(tx, 2), serial_of, failing, serial_of]
    assert engine.ask_turn(lambda: None)
    outcomes = engine.update_all(works)
    assert [outcomes[at].result for at in (0, 2, 4)] == [None, 2, 2]
    assert engine.view(serial_of) == 2
