"""The contract: revisions tell when something was written, and none is missed."""

import threading
import time

from contract_store import Store
from holdfast.engine.port import Engine
from holdfast.engine.records import Setting


def put(engine: Engine, name: str = "a") -> None:
    """Write something."""
    engine.update(lambda tx: tx.put(Setting(name=name, value=b"")))


def is_there(engine: Engine, name: str) -> bool:
    """Tell whether a setting is there."""
    return engine.view(lambda tx: tx.get(Setting, name)) is not None


def test_every_update_that_wrote_raises_the_revision(engine: Engine) -> None:
    """A put and a drop of something count."""
    before = engine.wait(0, 0)
    put(engine)
    between = engine.wait(0, 0)
    engine.update(lambda tx: tx.drop(Setting, "a"))
    assert before < between < engine.wait(0, 0)


def test_what_wrote_nothing_leaves_the_revision(engine: Engine) -> None:
    """Views, empty updates, failing ones and drops of nothing do not count."""
    before = engine.wait(0, 0)
    engine.view(lambda tx: tx.get(Setting, "a"))
    engine.update(lambda tx: tx.get(Setting, "a"))
    engine.update(lambda tx: tx.drop(Setting, "a"))
    assert engine.wait(before, 0) == before


def test_wait_returns_at_once_for_what_was_raised_before(engine: Engine) -> None:
    """The wait is level-triggered."""
    seen = engine.wait(0, 0)
    put(engine)
    started = time.monotonic()
    assert engine.wait(seen, 120) > seen
    assert time.monotonic() - started < 60


def test_wait_ends_when_time_is_up(engine: Engine) -> None:
    """The current revision comes back although nothing happened."""
    seen = engine.wait(0, 0)
    assert engine.wait(seen, 0.02) == seen


def test_wait_ends_when_another_thread_writes(engine: Engine) -> None:
    """A waiter is woken."""
    seen = engine.wait(0, 0)
    thread = threading.Timer(0.02, put, (engine,))
    thread.start()
    try:
        assert engine.wait(seen, 10) > seen
    finally:
        thread.join()


def test_a_waiter_sees_what_it_was_woken_for(engine: Engine) -> None:
    """When wait returns a new revision, a view has the writes that raised it."""
    seen = engine.wait(0, 0)
    missing = []

    def watch() -> None:
        revision = seen
        for number in range(50):
            while not is_there(engine, str(number)):
                again = engine.wait(revision, 10)
                if again == revision:
                    missing.append(number)
                    return
                revision = again

    thread = threading.Thread(target=watch)
    thread.start()
    for number in range(50):
        put(engine, str(number))
    thread.join()
    assert not missing


def test_revisions_grow_over_reopening(store: Store) -> None:
    """A revision that was seen before a restart is below those after it."""
    put(store.engine)
    before = store.engine.wait(0, 0)
    assert store.reopen().wait(before, 0) > before
