"""The contract: an update is atomic, alone, and durable; a view is one moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from contract_store import Store
from holdfast.engine.port import Engine, EngineClosed, EngineError, Reader, Writer
from holdfast.engine.records import Chunk, Setting
from patience import PATIENCE


def put(engine: Engine, name: str, value: bytes = b"") -> None:
    """Put one setting in an update of its own."""
    engine.update(lambda tx: tx.put(Setting(name=name, value=value)))


def value_of(tx: Reader, name: str) -> bytes | None:
    """Return the value of a setting."""
    found = tx.get(Setting, name)
    return None if found is None else found.value


def names(engine: Engine) -> list[str]:
    """Return the names of all settings."""
    return engine.view(lambda tx: [record.name for record in tx.scan(Setting)])


def test_the_answer_of_the_work_is_returned(engine: Engine) -> None:
    """View and update hand back what their work returned."""
    assert engine.view(lambda _: 1) == 1
    assert engine.update(lambda _: "two") == "two"


def test_an_update_sees_its_own_writes(engine: Engine) -> None:
    """Get and scan inside an update reflect its puts and drops."""

    def work(tx: Writer) -> tuple[bytes | None, list[str]]:
        tx.put(Setting(name="a", value=b"1"))
        tx.put(Setting(name="b", value=b"2"))
        tx.drop(Setting, "a")
        return value_of(tx, "b"), [record.name for record in tx.scan(Setting)]

    assert engine.update(work) == (b"2", ["b"])


def test_nothing_is_kept_of_work_that_raises(engine: Engine) -> None:
    """The exception comes out unchanged, and puts and drops are undone."""
    put(engine, "old")
    problem = LookupError("mine")

    def work(tx: Writer) -> None:
        tx.put(Setting(name="new", value=b""))
        tx.drop(Setting, "old")
        raise problem

    with pytest.raises(LookupError) as caught:
        engine.update(work)
    assert caught.value is problem
    assert names(engine) == ["old"]


def test_work_that_raises_in_a_view_does_no_harm(engine: Engine) -> None:
    """The exception comes out, and later views and updates work."""
    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            engine.view(lambda _: 1 // 0)
    put(engine, "a")
    assert names(engine) == ["a"]


def test_what_was_written_is_there_after_reopening(store: Store) -> None:
    """Closing and opening again loses nothing."""
    put(store.engine, "a", b"1")
    assert store.reopen().view(lambda tx: value_of(tx, "a")) == b"1"


def test_updates_run_one_at_a_time(engine: Engine) -> None:
    """Read, add one, write from many threads counts every one."""

    def count(tx: Writer) -> None:
        so_far = int(value_of(tx, "count") or b"0")
        tx.put(Setting(name="count", value=str(so_far + 1).encode()))

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(engine.update, count) for _ in range(400)]:
            done.result()
    assert engine.view(lambda tx: value_of(tx, "count")) == b"400"


def test_of_many_waiting_updates_only_the_failing_ones_are_undone(engine: Engine) -> None:
    """Updates that share a commit do not share their failures."""

    def work(number: int, tx: Writer) -> None:
        for half in "ab":
            tx.put(Setting(name=f"{number:03}{half}", value=b""))
        if number % 3 == 0:
            raise ValueError(number)

    with waiting_behind(engine) as release, ThreadPoolExecutor(60) as threads:
        done = [threads.submit(engine.update, partial(work, number)) for number in range(60)]
        release()
        errors = [future.exception() for future in done]
    for number, error in enumerate(errors):
        assert isinstance(error, ValueError) == (number % 3 == 0)
    kept = [f"{number:03}{half}" for number in range(60) if number % 3 for half in "ab"]
    assert names(engine) == kept


class waiting_behind:  # noqa: N801 - reads as a statement
    """Hold the writer inside an update, so that those that come meanwhile wait together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._go = threading.Event()
        self._inside = threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        def work(_: Writer) -> None:
            self._inside.set()
            self._go.wait(PATIENCE)

        self._engine.update(work)

    def __enter__(self) -> Callable[[], None]:
        self._thread.start()
        assert self._inside.wait(PATIENCE)
        return self._go.set

    def __exit__(self, *_: object) -> None:
        self._go.set()
        self._thread.join(PATIENCE)


def test_a_view_sees_one_moment(engine: Engine) -> None:
    """What is committed while a view runs is not in it, neither by get nor by scan."""
    for number in range(50):
        put(engine, f"{number:02}", b"old")

    def work(tx: Reader) -> tuple[list[bytes], bytes | None]:
        scan = tx.scan(Setting)
        first = next(scan)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(write_all).result()
        return [first.value, *(record.value for record in scan)], value_of(tx, "extra")

    def write_all() -> None:
        def write(tx: Writer) -> None:
            tx.put(Setting(name="extra", value=b"new"))
            for number in range(50):
                tx.put(Setting(name=f"{number:02}", value=b"new"))

        engine.update(write)

    assert engine.view(work) == ([b"old"] * 50, None)
    assert engine.view(lambda tx: value_of(tx, "07")) == b"new"


def test_a_view_never_sees_half_an_update(engine: Engine) -> None:
    """Two records that are always written together are always read equal."""
    stop = threading.Event()

    def write(number: int) -> None:
        def work(tx: Writer) -> None:
            tx.put(Setting(name="left", value=b"%d" % number))
            tx.put(Setting(name="right", value=b"%d" % number))

        engine.update(work)

    def writer() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(number)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(300):
            left, right = engine.view(lambda tx: (value_of(tx, "left"), value_of(tx, "right")))
            assert left == right
    finally:
        stop.set()
        thread.join()


def test_what_an_update_wrote_is_seen_by_every_later_view(engine: Engine) -> None:
    """A view that begins after an update returned sees it, in any thread."""
    with ThreadPoolExecutor(4) as threads:
        for number in range(100):
            put(engine, "a", b"%d" % number)
            seen = threads.submit(engine.view, lambda tx: value_of(tx, "a")).result()
            assert seen == b"%d" % number


@pytest.mark.parametrize("outer", ["view", "update"])
@pytest.mark.parametrize("inner", ["view", "update", "close"])
def test_calls_from_inside_a_transaction_are_refused(
    engine: Engine, outer: str, inner: str
) -> None:
    """The engine says so instead of waiting for itself."""

    def work(_: Reader) -> None:
        if inner == "close":
            engine.close()
        else:
            getattr(engine, inner)(lambda _: None)

    with pytest.raises(EngineError, match="inside"):
        getattr(engine, outer)(work)
    put(engine, "still works")


def test_a_reader_is_of_no_use_after_its_transaction(engine: Engine) -> None:
    """A kept reader, writer or scan raises instead of reading some other moment."""
    put(engine, "a")
    reader, scan = engine.view(lambda tx: (tx, tx.scan(Setting)))
    writer = engine.update(lambda tx: tx)
    with pytest.raises(EngineError, match="ended"):
        reader.get(Setting, "1")
    with pytest.raises(EngineError, match="ended"):
        list(scan)
    with pytest.raises(EngineError, match="ended"):
        writer.put(Setting(name="late", value=b""))


def test_a_closed_engine_refuses_everything(engine: Engine) -> None:
    """View, update and wait raise EngineClosed, and closing again is no error."""
    put(engine, "a")
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.view(lambda tx: tx.get(Setting, "a"))
    with pytest.raises(EngineClosed):
        put(engine, "b")
    with pytest.raises(EngineClosed):
        engine.wait(0, 1)


def test_closing_finishes_the_updates_that_wait(store: Store) -> None:
    """Every update either is kept or raises EngineClosed; none hangs or is half there."""

    def attempt(number: int) -> int | None:
        try:
            put(store.engine, f"{number:04}")
        except EngineClosed:
            return None
        return number

    with ThreadPoolExecutor(16) as threads:
        done = [threads.submit(attempt, number) for number in range(300)]
        done[20].result()
        store.engine.close()
        kept = [future.result() for future in done]
    expected = [f"{number:04}" for number in kept if number is not None]
    assert names(store.reopen()) == expected


def test_a_failing_encoding_keeps_nothing(engine: Engine) -> None:
    """A record that cannot be stored raises, and what the update wrote before is undone."""

    def work(tx: Writer) -> None:
        tx.put(Setting(name="before", value=b""))
        tx.put(Chunk(body_id=b"", number=2**70, data=b""))

    with pytest.raises(OverflowError):
        engine.update(work)
    with pytest.raises(UnicodeEncodeError):
        put(engine, "\ud800")
    assert names(engine) == []


def test_what_need_not_be_durable_is_seen_at_once_and_kept_by_a_close(store: Store) -> None:
    """Like any other update, but for the disk."""
    store.engine.update(lambda tx: tx.put(Setting(name="a", value=b"")), durable=False)
    assert names(store.engine) == ["a"]
    with pytest.raises(LookupError):
        store.engine.update(raises_after("b"), durable=False)
    put(store.engine, "c")
    assert names(store.reopen()) == ["a", "c"]


def raises_after(name: str) -> Callable[[Writer], None]:
    """Return work that puts a setting and raises."""

    def work(tx: Writer) -> None:
        tx.put(Setting(name=name, value=b""))
        raise LookupError(name)

    return work
