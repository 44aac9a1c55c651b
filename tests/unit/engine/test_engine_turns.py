"""Turns when something goes wrong: interrupts, event loops that have ended, and an early close."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdfast.engine.port import EngineClosed, EngineError, Outcome, Reader, Writer
from holdfast.engine.records import Setting
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.turns import Ticket, Turns, Waiter
from patience import PATIENCE


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Return an engine on an empty database."""
    made = SqliteEngine(tmp_path / "x.db")
    yield made
    made.close()


def putting(name: str) -> Callable[[Writer], str]:
    """Return a work that puts a setting and returns its name."""

    def work(tx: Writer) -> str:
        tx.put(Setting(name=name, value=b""))
        return name

    return work


def names(tx: Reader) -> list[str]:
    """Return the names of all settings."""
    return [record.name for record in tx.scan(Setting)]


def waiting(engine: SqliteEngine, count: int) -> None:
    """Return once so many wait for their turn."""
    assert engine._commits is not None
    while len(engine._commits._turns._queue) < count:
        threading.Event().wait(0.001)


def interrupting(_: Writer) -> None:
    """Do as Ctrl-C does in the main thread."""
    raise KeyboardInterrupt


def test_an_interrupt_goes_to_the_main_thread_and_to_nobody_else(engine: SqliteEngine) -> None:
    """Who leads is interrupted; those in the same commit are told that nothing was kept."""
    assert engine.ask_turn(lambda: None)
    with ThreadPoolExecutor(2) as threads:
        joined = threads.submit(engine.update, putting("joined"))
        waiting(engine, 1)
        with pytest.raises(KeyboardInterrupt):
            engine.update_all([putting("own"), interrupting])
        with pytest.raises(EngineError, match="interrupted"):
            joined.result(PATIENCE)
    assert engine.view(names) == []
    assert engine.update(putting("after")) == "after"
    assert engine.view(names) == ["after"]


def test_an_interrupted_commit_answers_nobody_with_success(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two updates of a commit it is the same: no answer without a commit."""
    assert engine._commits is not None

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, ThreadPoolExecutor(1) as threads:
        patched.setattr("holdfast.engine.writer._attempt", interrupt)
        assert engine.ask_turn(lambda: None)
        joined = threads.submit(engine.update, putting("joined"))
        waiting(engine, 1)
        with pytest.raises(KeyboardInterrupt):
            engine.update_all([])
        assert isinstance(joined.exception(10), EngineError)
    assert engine.update(putting("after")) == "after"
    assert engine.view(names) == ["after"]


def test_an_interrupt_while_waiting_loses_no_turn(engine: SqliteEngine) -> None:
    """The main thread gives up waiting; everybody else goes on."""
    inside, go = threading.Event(), threading.Event()

    def hold(_: Writer) -> None:
        inside.set()
        go.wait(PATIENCE)

    def interrupt() -> None:
        waiting(engine, 1)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    with ThreadPoolExecutor(2) as threads:
        held = threads.submit(engine.update, hold)
        assert inside.wait(PATIENCE)
        threads.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.update(putting("given up"))
        go.set()
        held.result(PATIENCE)
        assert threads.submit(engine.update, putting("after")).result(PATIENCE) == "after"
    assert engine.view(names) == ["after"]


def test_who_gave_up_after_getting_the_turn_passes_it_on() -> None:
    """An interrupt can come when the turn was given already."""
    turns = Turns()
    first, second = Waiter(lambda: None), Waiter(threading.Event().set, Ticket(putting("a")))
    assert turns.ask(first)
    assert not turns.ask(second)
    turns.pass_on()
    assert second.has_turn
    turns._give_up(second)
    assert turns.ask(Waiter(lambda: None))


def test_an_event_loop_that_has_ended_takes_no_turn_along(engine: SqliteEngine) -> None:
    """Waking it fails; that harms neither who passes the turn on nor who comes next."""
    inside, go = threading.Event(), threading.Event()

    def hold(tx: Writer) -> str:
        inside.set()
        go.wait(PATIENCE)
        return putting("held")(tx)

    loop = asyncio.new_event_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(print)

    with ThreadPoolExecutor(2) as threads:
        held = threads.submit(engine.update, hold)
        assert inside.wait(PATIENCE)
        assert not engine.ask_turn(wake)
        waiting(engine, 1)
        behind = threads.submit(engine.update, putting("behind"))
        waiting(engine, 2)
        loop.close()
        go.set()
        assert held.result(PATIENCE) == "held"
        assert behind.result(PATIENCE) == "behind"
    assert engine.update(putting("after")) == "after"


def test_close_does_not_wait_forever_for_a_turn_that_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait behind it are told, and what was answered before is there."""
    monkeypatch.setattr("holdfast.engine.turns._CLOSE_SECONDS", 0.05)
    engine = SqliteEngine(tmp_path / "x.db")
    engine.update(putting("before"))
    assert engine.ask_turn(lambda: None)
    with ThreadPoolExecutor(1) as threads:
        stuck = threads.submit(engine.update, putting("stuck"))
        waiting(engine, 1)
        engine.close()
        with pytest.raises(EngineClosed):
            stuck.result(PATIENCE)
    again = SqliteEngine(tmp_path / "x.db")
    assert again.view(names) == ["before"]
    again.close()


def test_those_who_wait_at_the_close_have_their_turn(engine: SqliteEngine) -> None:
    """Also one that must not wait, and nobody after it."""
    woken = threading.Event()
    assert engine.ask_turn(lambda: None)
    assert not engine.ask_turn(woken.set)
    with ThreadPoolExecutor(1) as threads:
        closed = threads.submit(engine.close)
        waiting(engine, 2)
        with pytest.raises(EngineClosed):
            engine.ask_turn(lambda: None)
        with pytest.raises(EngineClosed):
            engine.update(putting("late"))
        engine.update_all([putting("a")])
        assert woken.wait(PATIENCE)
        assert engine.update_all([putting("b")]) == [Outcome("b", None)]
        closed.result(PATIENCE)


def test_an_update_waits_for_one_commit_of_a_busy_event_loop(engine: SqliteEngine) -> None:
    """One that always has more to write does not keep the others out."""
    rounds = 0
    answered_after: list[int] = []

    def ask() -> None:
        turn = threading.Event()
        if not engine.ask_turn(turn.set):
            assert turn.wait(PATIENCE)

    def update(number: int) -> None:
        began = rounds
        engine.update(putting(f"update{number}"))
        answered_after.append(rounds - began)

    with ThreadPoolExecutor(1) as threads:
        for number in range(50):
            ask()
            update_done = threads.submit(update, number)
            waiting(engine, 1)
            engine.update_all([putting(f"loop{number}")])
            rounds += 1
            update_done.result(PATIENCE)
    assert max(answered_after) <= 1


def test_a_failing_update_is_taken_back_wherever_it_stands(engine: SqliteEngine) -> None:
    """First, between and last in a commit, with and without others that write before it."""

    def failing(tx: Writer) -> None:
        tx.put(Setting(name="never", value=b""))
        raise ValueError

    def reading(tx: Writer) -> list[str]:
        return names(tx)

    works = [reading, failing, reading, failing, putting("a"), failing, putting("b"), failing]
    assert engine.ask_turn(lambda: None)
    outcomes = engine.update_all([*works, reading])
    assert [type(outcome.error) for outcome in outcomes] == [
        ValueError if work is failing else type(None) for work in [*works, reading]
    ]
    assert outcomes[-1].result == ["a", "b"]
    assert engine.view(names) == ["a", "b"]


def test_an_event_loop_never_waits_for_the_readers_of_threads(engine: SqliteEngine) -> None:
    """With every connection for threads lent, a view inside an event loop is answered."""
    go, inside = threading.Event(), threading.Semaphore(0)

    def linger(_: Reader) -> None:
        inside.release()
        go.wait(PATIENCE)

    async def read() -> list[str]:
        return engine.view(names)

    with ThreadPoolExecutor(8) as threads:
        lingering = [threads.submit(engine.view, linger) for _ in range(8)]
        for _ in range(4):
            assert inside.acquire(timeout=PATIENCE)
        assert asyncio.run(asyncio.wait_for(read(), PATIENCE / 2)) == []
        go.set()
        for done in lingering:
            done.result(PATIENCE)
