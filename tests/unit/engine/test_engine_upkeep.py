"""The log stays short, whatever goes on beside; and no commit waits for that."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from holdfast.engine.port import Reader, Writer
from holdfast.engine.records import Chunk, Setting
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.upkeep import _KEPT_PAGES, _PAGES_AT_ONCE
from patience import PATIENCE

_MERGED_AT_ONCE = 1 << 20


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteEngine]:
    """Return an engine on an empty database that begins its log anew often."""
    monkeypatch.setattr("holdfast.engine.upkeep._MERGED_AT_ONCE", _MERGED_AT_ONCE)
    made = SqliteEngine(tmp_path / "x.db")
    yield made
    made.close()


def put(engine: SqliteEngine, number: int, size: int = 3000) -> None:
    """Put one chunk."""
    engine.update(lambda tx: tx.put(Chunk(body_id=b"", number=number, data=bytes(size))))


@contextmanager
def overlapping_readers(engine: SqliteEngine, seconds: float) -> Iterator[None]:
    """Have views all the time, three at once."""
    stop = threading.Event()

    def look(tx: Reader) -> None:
        tx.get(Setting, "x")
        time.sleep(seconds)

    def read() -> None:
        while not stop.is_set():
            engine.view(look)

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        try:
            yield
        finally:
            stop.set()
        for reader in readers:
            reader.result(PATIENCE)


def test_the_log_is_bounded_under_a_steady_load(engine: SqliteEngine, tmp_path: Path) -> None:
    """Twenty times what is merged at once, with readers that always overlap."""
    log, largest = tmp_path / "x.db-wal", 0
    with overlapping_readers(engine, 0.002), ThreadPoolExecutor(4) as threads:
        for number in range(0, 3000, 100):
            done = [threads.submit(put, engine, number + more) for more in range(100)]
            for one in done:
                one.result(PATIENCE)
            largest = max(largest, log.stat().st_size)
    assert largest < 8 * _MERGED_AT_ONCE


def test_a_reader_that_stays_does_not_hold_up_updates(engine: SqliteEngine, tmp_path: Path) -> None:
    """The log grows meanwhile, and is begun anew afterwards."""
    log = tmp_path / "x.db-wal"
    go, inside = threading.Event(), threading.Event()

    def stay(tx: Reader) -> None:
        tx.get(Setting, "x")
        inside.set()
        go.wait(PATIENCE)

    with ThreadPoolExecutor(1) as threads:
        staying = threads.submit(engine.view, stay)
        assert inside.wait(PATIENCE)
        for number in range(2000):
            put(engine, number)
        assert log.stat().st_size > 4 * _MERGED_AT_ONCE
        go.set()
        staying.result(PATIENCE)
    until = time.monotonic() + PATIENCE
    number = 0
    while not (begun := _begun_anew(log)) and time.monotonic() < until:
        put(engine, number := number + 1)
    assert begun


def test_an_update_does_not_wait_for_the_log_to_be_synced(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of a long log is brought to disk beside the updates, before it is merged."""
    begun, go_on = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def sync(_descriptor: int) -> None:
        begun.set()
        in_time.append(go_on.wait(PATIENCE))

    monkeypatch.setattr("holdfast.engine.upkeep._sync", sync)
    put(engine, 0, 2 * _MERGED_AT_ONCE)
    assert begun.wait(PATIENCE)
    put(engine, 1)
    go_on.set()
    engine.close()
    assert in_time[0]


def _begun_anew(log: Path) -> bool:
    """Tell whether the log was begun anew at least once: its header counts."""
    with log.open("rb") as file:
        return int.from_bytes(file.read(16)[12:]) > 0


def tidied(engine: SqliteEngine) -> float | None:
    """Do one step of giving space back; return when the next one is."""
    assert engine._commits is not None
    engine._commits._turns.wait()
    try:
        return engine._commits._upkeep._tidy()
    finally:
        engine._commits._turns.pass_on()


def free_pages(engine: SqliteEngine) -> int:
    """Return how many pages of the file are free."""
    assert engine._commits is not None
    found = engine._commits._connection.execute("PRAGMA freelist_count").fetchone()
    return int(found[0])


@pytest.fixture
def still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteEngine]:
    """Return an engine whose upkeep does nothing by itself, and has nothing to do yet."""
    monkeypatch.setattr("holdfast.engine.upkeep._IDLE_SECONDS", 60.0)
    made = SqliteEngine(tmp_path / "x.db")
    while tidied(made) is not None:
        pass
    yield made
    made.close()


def test_the_log_is_cut_when_nothing_is_written(engine: SqliteEngine, tmp_path: Path) -> None:
    """Its room goes back to the file system, and what was in it is in the database."""
    for number in range(100):
        put(engine, number, 10_000)
    until = time.monotonic() + PATIENCE
    while (tmp_path / "x.db-wal").stat().st_size and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / "x.db-wal").stat().st_size == 0
    put(engine, 100)
    assert engine.view(lambda tx: len(list(tx.scan(Chunk)))) == 101


def test_a_short_log_and_a_few_free_pages_are_kept(still: SqliteEngine, tmp_path: Path) -> None:
    """To overwrite them is faster than to append."""
    put(still, 0, 10_000)
    still.update(lambda tx: tx.drop(Chunk, b"", 0))
    log, free = (tmp_path / "x.db-wal").stat().st_size, free_pages(still)
    assert tidied(still) is None
    assert (tmp_path / "x.db-wal").stat().st_size == log > 0
    assert free_pages(still) == free > 0


def test_pages_are_given_back_a_few_at_a_time(still: SqliteEngine, tmp_path: Path) -> None:
    """An update that comes meanwhile waits for one step; the last one cuts the files."""

    def drop_most(tx: Writer) -> None:
        for number in range(19):
            tx.drop(Chunk, b"", number)

    for number in range(20):
        put(still, number, 100_000)
    still.update(drop_most)
    left, steps = free_pages(still), 0
    while tidied(still) is not None:
        assert 0 < left - free_pages(still) <= _PAGES_AT_ONCE
        left, steps = free_pages(still), steps + 1
    assert steps >= 3
    assert left <= _KEPT_PAGES
    assert (tmp_path / "x.db").stat().st_size < 400_000 + _KEPT_PAGES * 4096
    assert (tmp_path / "x.db-wal").stat().st_size == 0


def test_a_file_that_cannot_give_pages_back_is_not_asked_to(
    still: SqliteEngine, tmp_path: Path
) -> None:
    """One that was copied by other means, say."""
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute("PRAGMA auto_vacuum = NONE")
        database.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    copy = SqliteEngine(tmp_path / "copy.db")
    try:
        put(copy, 0, 2_000_000)
        copy.update(lambda tx: tx.drop(Chunk, b"", 0))
        free = free_pages(copy)
        assert free > 4 * _KEPT_PAGES
        assert tidied(copy) is None
        assert free_pages(copy) == free
        assert (tmp_path / "copy.db-wal").stat().st_size == 0
    finally:
        copy.close()


def test_the_log_is_cut_later_if_a_reader_stays(still: SqliteEngine, tmp_path: Path) -> None:
    """The reader sees what it saw; the next try succeeds."""
    put(still, 0, 500_000)
    go, inside = threading.Event(), threading.Event()

    def stay(tx: Reader) -> bool:
        before = tx.get(Chunk, b"", 0)
        inside.set()
        go.wait(PATIENCE)
        return before is not None and tx.get(Chunk, b"", 0) == before

    with ThreadPoolExecutor(1) as threads:
        staying = threads.submit(still.view, stay)
        assert inside.wait(PATIENCE)
        put(still, 0, 400_000)
        assert tidied(still) is not None
        assert (tmp_path / "x.db-wal").stat().st_size > 0
        go.set()
        assert staying.result(PATIENCE)
    while tidied(still) is not None:
        pass
    assert (tmp_path / "x.db-wal").stat().st_size == 0


def test_no_commit_merges_the_log(engine: SqliteEngine) -> None:
    """It is the upkeep's thread that does, with the turn to write."""
    assert engine._commits is not None
    connection = engine._commits._connection
    merged_by: set[str] = set()
    merged = threading.Event()

    def watch(statement: str) -> None:
        if "wal_checkpoint" in statement:
            assert engine._commits is not None
            assert engine._commits._turns._taken
            merged_by.add(threading.current_thread().name)
            merged.set()

    connection.set_trace_callback(watch)
    assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    for number in range(400):
        put(engine, number)
    assert merged.wait(PATIENCE)
    assert merged_by == {"holdfast-upkeep"}


def test_what_was_answered_is_in_the_files_at_any_moment(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """A copy of the files, as a crash would leave them, taken while the log is merged."""
    answered = 0

    def write(tx: Writer) -> None:
        tx.put(Setting(name=f"{answered:05}", value=bytes(20_000)))

    assert engine._commits is not None
    turns = engine._commits._turns
    for round_ in range(5):
        for _ in range(60):
            engine.update(write)
            answered += 1
        copy = tmp_path / f"copy{round_}"
        copy.mkdir()
        turns.wait()  # no checkpoint between the two copies
        try:
            shutil.copy(tmp_path / "x.db-wal", copy / "x.db-wal")
            shutil.copy(tmp_path / "x.db", copy / "x.db")
        finally:
            turns.pass_on()
        survivor = SqliteEngine(copy / "x.db")
        try:
            found = survivor.view(lambda tx: [record.name for record in tx.scan(Setting)])
        finally:
            survivor.close()
        assert found == [f"{number:05}" for number in range(answered)]
