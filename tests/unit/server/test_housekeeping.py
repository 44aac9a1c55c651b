"""Housekeeping: the thread, and the steps that collect what nobody links."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caught_up import caught_up
from holdfast.engine.bodies import BodyWriter, link, unlink
from holdfast.engine.port import Engine, EngineClosed, NoSpace, Reader, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Expiry, Garbage, Item, Staged
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.vault import Vault
from holdfast.server.background_threads import background_threads
from holdfast.server.housekeeping import Housekeeping, Step
from holdfast.server.housekeeping_steps import packing_steps, steps
from holdfast.server.leftovers import collect_garbage, collect_staged
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site
from patience import PATIENCE

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """A fresh engine."""
    opened = SqliteEngine(tmp_path / "holdfast.db")
    yield opened
    opened.close()


def _clock() -> datetime:
    return NOW


def _site() -> Site:
    return Site("123456789012", "us-east-1", Vault(bytes(32)), os.urandom)


def _collected(engine: Engine, now: datetime) -> int:
    done = 0
    while found := collect_garbage(engine, now):
        done += found
    return done


def _raising(problem: Exception) -> Callable[[datetime], int]:
    def run(_now: datetime) -> int:
        raise problem

    return run


def _count(engine: Engine, kind: type[Record]) -> int:
    def count(tx: Reader) -> int:
        return sum(1 for _ in tx.scan(kind))

    return engine.view(count)


def _staged(engine: Engine, at: datetime) -> BodyWriter:
    writer = BodyWriter(engine, at, chunk_bytes=10)
    writer.write(b"x" * 1005)
    caught_up()
    return writer


def test_a_round_runs_every_step_with_the_clock() -> None:
    """Once each, in order, at the time the clock says."""
    seen: list[tuple[str, datetime]] = []

    def step(name: str) -> Step:
        def run(now: datetime) -> int:
            seen.append((name, now))
            return 2

        return Step(name, run)

    assert Housekeeping(lambda: [step("a"), step("b")], _clock).round() == 4
    assert seen == [("a", NOW), ("b", NOW)]


def test_a_step_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged by name and counted."""
    failed: list[str] = []
    worked: list[tuple[str, int]] = []
    todo = [
        Step("bad", _raising(ValueError("no"))),
        Step("idle", lambda _: 0),
        Step("good", lambda _: 3),
    ]
    keeping = Housekeeping(
        lambda: todo,
        _clock,
        worked=lambda name, done: worked.append((name, done)),
        failed=failed.append,
    )
    assert keeping.round() == 3
    assert failed == ["bad"]
    assert worked == [("good", 3)]
    assert "'bad' failed" in caplog.text


def test_a_full_disk_is_no_mistake_of_a_step(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged in one line and counted."""
    failed: list[str] = []
    todo = [Step("full", _raising(NoSpace("the disk is full")))]
    assert Housekeeping(lambda: todo, _clock, failed=failed.append).round() == 0
    assert failed == ["full"]
    assert "'full' failed: the disk is full" in caplog.text
    assert "Traceback" not in caplog.text


class Waits(threading.Event):
    """An event that is never waited for, and set after some waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Take note of the time; tell whether that was enough."""
        self.asked.append(timeout)
        return len(self.asked) == self.most


def test_after_a_failure_the_interval_is_waited_for() -> None:
    """However soon it would go on otherwise."""
    problems = iter([NoSpace("the disk is full"), None])

    def run(_now: datetime) -> int:
        if (problem := next(problems)) is not None:
            raise problem
        return 1

    keeping = Housekeeping(lambda: [Step("pack", run)], _clock, 60.0, pause=lambda *_: 0.0)
    keeping._stopping = waits = Waits(3)
    keeping._loop()
    assert waits.asked[1:] == [60.0, 0.0]


def test_a_closed_engine_ends_the_round_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """The server is stopping: nothing more is run, nothing is logged."""
    failed: list[str] = []
    todo = [
        Step("closed", _raising(EngineClosed("closed"))),
        Step("after", _raising(ValueError("not reached"))),
    ]
    assert Housekeeping(lambda: todo, _clock, failed=failed.append).round() == 0
    assert failed == []
    assert caplog.text == ""


def test_the_thread_runs_until_it_is_stopped() -> None:
    """It starts soon, goes on by time, and ends when asked."""
    rounds = threading.Semaphore(0)

    def run(_now: datetime) -> int:
        rounds.release()
        return 0

    keeping = Housekeeping(lambda: [Step("tick", run)], _clock, interval=0.001)
    keeping.start()
    assert all(rounds.acquire(timeout=PATIENCE) for _ in range(3))
    keeping.stop()
    keeping.stop()
    assert not any(thread.name == "housekeeping" for thread in threading.enumerate())


def test_a_thread_pauses_as_it_is_told() -> None:
    """From what a round did, and under a name of its own."""
    asked: list[tuple[int, str]] = []
    enough = threading.Event()

    def pause(done: int, seconds: float) -> float:
        assert seconds >= 0
        asked.append((done, threading.current_thread().name))
        if len(asked) == 3:
            enough.set()
        return 0.0

    keeping = Housekeeping(
        lambda: [Step("tick", lambda _: 7)], _clock, 0.001, name="packing", pause=pause
    )
    keeping.start()
    assert enough.wait(PATIENCE)
    keeping.stop()
    assert asked[:3] == [(7, "packing")] * 3


def test_stopping_what_was_not_started_does_nothing() -> None:
    """A server that fails to start stops what it has."""
    Housekeeping(list, _clock).stop()


def test_all_steps_run_on_an_empty_store(engine: SqliteEngine) -> None:
    """There is nothing to do, and no step fails."""
    failed: list[str] = []
    todo = (*steps(engine, _site()), *packing_steps(engine, _site()))
    assert Housekeeping(lambda: todo, _clock, failed=failed.append).round() == 0
    assert failed == []
    assert len({step.name for step in todo}) == len(todo)


def test_what_an_earlier_run_left_half_sent_is_let_go(engine: SqliteEngine) -> None:
    """Before the server serves, whatever its age."""
    _staged(engine, NOW + DAY)
    regular, _ = background_threads(engine, _site(), lambda: NOW + 2 * DAY, Metrics())
    assert _count(engine, Staged) == 0
    assert regular.round() > 0
    assert _count(engine, Chunk) == 0


def test_a_body_that_is_being_sent_stays_for_a_day(engine: SqliteEngine) -> None:
    """Then its sender is gone."""
    _staged(engine, NOW)
    assert collect_staged(engine, NOW + DAY) == 0
    assert collect_staged(engine, NOW + DAY + MINUTE) == 1
    assert _collected(engine, NOW + DAY + MINUTE) == 101
    assert _count(engine, Chunk) == 0


def test_a_linked_body_is_not_collected(engine: SqliteEngine) -> None:
    """It is no longer staged."""
    new = _staged(engine, NOW).finish()
    engine.update(lambda tx: link(tx, new))
    assert collect_staged(engine, NOW + 2 * DAY) == 0
    assert _collected(engine, NOW + 2 * DAY) == 0
    assert _count(engine, Chunk) == 101


def test_a_body_that_was_let_go_stays_readable_for_15_minutes(engine: SqliteEngine) -> None:
    """Readers under way finish; then every chunk goes."""
    new = _staged(engine, NOW).finish()
    engine.update(lambda tx: link(tx, new))
    engine.update(lambda tx: unlink(tx, new.body, NOW))
    assert _collected(engine, NOW + 14 * MINUTE) == 0
    assert _count(engine, Chunk) == 101
    assert _collected(engine, NOW + 16 * MINUTE) == 102
    assert _count(engine, Chunk) == _count(engine, Garbage) == 0


def test_the_items_of_a_dropped_table_go(engine: SqliteEngine) -> None:
    """All of them, with their times to live; those of other tables stay."""
    mine, other = b"m" * 16, b"o" * 16

    def fill(tx: Writer) -> None:
        for number in range(150):
            name = number.to_bytes(2, "big")
            tx.put(Item(table_id=mine, hash=name, data=b""))
            tx.put(Expiry(table_id=mine, at=number, hash=name))
        tx.put(Item(table_id=other, hash=b"h", data=b""))
        tx.put(Garbage(at=0, id=mine, what="items"))

    engine.update(fill)
    assert _collected(engine, NOW) == 301
    assert _count(engine, Item) == 1
    assert _count(engine, Expiry) == 0
