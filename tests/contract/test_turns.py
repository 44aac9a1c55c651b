"""The contract: the turn to write, for those who must not wait."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.engine.port import Engine, EngineClosed, Outcome, Reader, Writer
from holdfast.engine.records import Setting
from patience import PATIENCE


def putting(name: str) -> Callable[[Writer], str]:
    """Return a work that puts a setting and returns its name."""

    def work(tx: Writer) -> str:
        tx.put(Setting(name=name, value=b""))
        return name

    return work


def failing(tx: Writer) -> None:
    """Put something, and raise."""
    tx.put(Setting(name="never", value=b""))
    raise ValueError("no")


def names(tx: Reader) -> list[str]:
    """Return the names of all settings."""
    return [record.name for record in tx.scan(Setting)]


def woken_never() -> None:
    """Fail: the turn was free."""
    raise AssertionError


def test_a_free_turn_is_given_at_once(engine: Engine) -> None:
    """And all works that use it get their own answers."""
    assert engine.ask_turn(woken_never)
    assert engine.update_all([putting("a"), putting("b")]) == [
        Outcome("a", None),
        Outcome("b", None),
    ]
    assert engine.view(names) == ["a", "b"]


def test_a_work_that_raises_disturbs_no_other(engine: Engine) -> None:
    """Its error is its outcome, and nothing of it is kept."""
    assert engine.ask_turn(woken_never)
    first, second, third = engine.update_all([putting("a"), failing, putting("b")])
    assert (first.result, third.result) == ("a", "b")
    assert isinstance(second.error, ValueError)
    assert engine.view(names) == ["a", "b"]


def test_the_turn_is_given_back(engine: Engine) -> None:
    """Also by one who has nothing to write."""
    for _ in range(3):
        assert engine.ask_turn(woken_never)
        assert engine.update_all([]) == []
    assert engine.update(putting("a")) == "a"


def test_who_does_not_get_the_turn_is_woken_once_it_is_free(engine: Engine) -> None:
    """While an update is under way the turn is taken; then it is the other's."""
    inside, go, woken = threading.Event(), threading.Event(), threading.Event()

    def hold(_: Writer) -> None:
        inside.set()
        go.wait(PATIENCE)

    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(engine.update, hold)
        assert inside.wait(PATIENCE)
        assert not engine.ask_turn(woken.set)
        assert not woken.is_set()
        go.set()
        held.result()
        assert woken.wait(PATIENCE)
    assert engine.update_all([putting("a")]) == [Outcome("a", None)]


def test_updates_wait_while_the_turn_is_held(engine: Engine) -> None:
    """They join the commit of the one who has it."""
    assert engine.ask_turn(woken_never)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(engine.update, putting(name)) for name in "wxyz"]
        assert not any(future.done() for future in waiting)
        engine.update_all([putting("a")])
        assert [future.result(PATIENCE) for future in waiting] == list("wxyz")
    assert engine.view(names) == list("awxyz")


def test_everybody_gets_a_turn(engine: Engine) -> None:
    """Threads that update and one that asks again and again do not keep each other out."""
    turn = threading.Event()

    def ask(number: int) -> None:
        turn.clear()
        if not engine.ask_turn(turn.set):
            assert turn.wait(PATIENCE)
        engine.update_all([putting(f"asked{number}")])

    with ThreadPoolExecutor(5) as threads:
        done = [threads.submit(engine.update, putting(f"put{number}")) for number in range(200)]
        for number in range(50):
            ask(number)
        for future in done:
            future.result(PATIENCE)
    assert len(engine.view(names)) == 250


def test_a_closed_engine_has_no_turns(engine: Engine) -> None:
    """Asking says so."""
    engine.close()
    with pytest.raises(EngineClosed):
        engine.ask_turn(woken_never)
