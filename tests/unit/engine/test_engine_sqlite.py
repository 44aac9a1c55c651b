"""What is particular to SQLite: group commit, files, failing disks."""

import gc
import os
import resource
import shutil
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdfast.engine.port import CorruptData, EngineError, Reader, Writer
from holdfast.engine.records import Chunk, Setting
from holdfast.engine.sqlite import SqliteEngine
from patience import PATIENCE


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Return an engine on an empty database."""
    made = SqliteEngine(tmp_path / "x.db")
    yield made
    made.close()


def put(engine: SqliteEngine, name: str, value: bytes = b"") -> None:
    """Put one setting."""
    engine.update(lambda tx: tx.put(Setting(name=name, value=value)))


def count(tx: Reader) -> int:
    """Count the settings."""
    return sum(1 for _ in tx.scan(Setting))


def writer_of(engine: SqliteEngine) -> sqlite3.Connection:
    """Return the connection of the writer thread."""
    assert engine._commits is not None
    return engine._commits._connection


def test_waiting_updates_share_a_commit(engine: SqliteEngine) -> None:
    """Forty updates that wait together take far fewer than forty commits."""
    commits: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def hold(_: Writer) -> None:
        inside.set()
        go.wait(PATIENCE)

    def watched(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    writer_of(engine).set_trace_callback(watched)
    with ThreadPoolExecutor(41) as threads:
        threads.submit(engine.update, hold)
        assert inside.wait(PATIENCE)
        done = [threads.submit(put, engine, str(number)) for number in range(40)]
        while engine._commits is not None and len(engine._commits._turns._queue) < 40:
            threading.Event().wait(0.001)
        go.set()
        for future in done:
            future.result()
    assert engine.view(count) == 40
    assert len(commits) == 2


def test_an_answer_comes_after_the_commit(engine: SqliteEngine, tmp_path: Path) -> None:
    """At the moment of the answer a copy of the files, as a crash would leave them, has it."""

    def put_and_copy(number: int) -> None:
        put(engine, str(number))
        copy = tmp_path / f"copy{number}"
        copy.mkdir()
        # The log first: a checkpoint between the two copies only adds to the database.
        shutil.copy(tmp_path / "x.db-wal", copy / "x.db-wal")
        shutil.copy(tmp_path / "x.db", copy / "x.db")
        survivor = SqliteEngine(copy / "x.db")
        try:
            assert survivor.view(lambda tx: tx.get(Setting, str(number))) is not None
        finally:
            survivor.close()

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(put_and_copy, number) for number in range(8)]:
            future.result()


def test_commits_are_synced(engine: SqliteEngine) -> None:
    """The log is synced at every commit."""
    writer = writer_of(engine)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_files_are_private(engine: SqliteEngine, tmp_path: Path) -> None:
    """The database, its log and its index are for the owner only."""
    put(engine, "a")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_commit_that_fails_keeps_nothing_and_the_engine_usable(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """Everyone in the commit gets an EngineError; afterwards all works as before."""
    put(engine, "before")
    with files_limited_to((tmp_path / "x.db-wal").stat().st_size), ThreadPoolExecutor(8) as threads:
        done = [threads.submit(put, engine, f"lost{number}") for number in range(8)]
        errors = [future.exception() for future in done]
    assert [type(error) for error in errors] == [EngineError] * 8
    assert "nothing was kept" in str(errors[0])
    assert engine.view(count) == 1
    put(engine, "after")
    assert engine.view(count) == 2
    engine.close()
    again = SqliteEngine(tmp_path / "x.db")
    assert again.view(count) == 2
    again.close()


def test_a_full_database_fails_the_update_even_if_its_work_goes_on(engine: SqliteEngine) -> None:
    """A write that failed is not forgotten, and others are not harmed."""
    put(engine, "before")
    pages = writer_of(engine).execute("PRAGMA page_count").fetchone()[0]
    writer_of(engine).execute(f"PRAGMA max_page_count = {pages}")

    def work(tx: Writer) -> str:
        tx.put(Setting(name="small", value=b""))
        with pytest.raises(EngineError, match="full"):
            tx.put(Chunk(body_id=b"", number=0, data=bytes(100_000)))
        return "all is well"

    with pytest.raises(EngineError, match="full"):
        engine.update(work)
    writer_of(engine).execute("PRAGMA max_page_count = 1000000")
    put(engine, "after")
    assert [r.name for r in engine.view(lambda tx: list(tx.scan(Setting)))] == ["after", "before"]


def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    """It is refused and left as it is."""
    (tmp_path / "x.db").write_bytes(b"hello " * 1000)
    with pytest.raises(CorruptData):
        SqliteEngine(tmp_path / "x.db")
    assert (tmp_path / "x.db").read_bytes() == b"hello " * 1000


def test_a_damaged_database_reads_as_corrupt(engine: SqliteEngine, tmp_path: Path) -> None:
    """Damage is an error of its own, never an empty answer."""
    for number in range(100):
        put(engine, str(number), os.urandom(3000))
    engine.close()
    content = bytearray((tmp_path / "x.db").read_bytes())
    half = len(content) // 2  # what opening needs is before
    content[half:] = b"\xff" * len(content[half:])
    (tmp_path / "x.db").write_bytes(content)
    damaged = SqliteEngine(tmp_path / "x.db")
    with pytest.raises(CorruptData):
        damaged.view(count)
    damaged.close()


def test_a_record_that_does_not_decode_is_corrupt(engine: SqliteEngine) -> None:
    """Get and scan say which one."""
    writer_of(engine).execute("INSERT INTO setting VALUES ('bad', X'00')")
    with pytest.raises(CorruptData, match="bad"):
        engine.view(lambda tx: tx.get(Setting, "bad"))
    with pytest.raises(CorruptData, match="bad"):
        engine.view(count)


def test_read_only_refuses_updates_and_sees_what_another_writes(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """It is a second engine on the files of the first."""
    looking = SqliteEngine(tmp_path / "x.db", read_only=True)
    put(engine, "a")
    assert looking.view(count) == 1
    with pytest.raises(EngineError, match="read-only"):
        put(looking, "b")
    looking.close()


def test_read_only_makes_no_file(tmp_path: Path) -> None:
    """There is nothing to read."""
    with pytest.raises(EngineError):
        SqliteEngine(tmp_path / "absent.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_more_views_than_connections_take_turns(engine: SqliteEngine) -> None:
    """Twenty threads that read at once all get their answer."""
    put(engine, "a")
    with ThreadPoolExecutor(20) as threads:
        done = [threads.submit(engine.view, count) for _ in range(400)]
        assert [future.result() for future in done] == [1] * 400


def test_the_log_does_not_grow_without_end(
    engine: SqliteEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under views that always overlap the log is still started anew once it is large."""
    assert engine._commits is not None
    monkeypatch.setattr("holdfast.engine.upkeep.LARGEST_LOG", 1 << 20)
    engine._commits._upkeep._limit = 1 << 20
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            engine.view(lambda tx: (tx.get(Setting, "0"), stop.wait(0.002)))

    with ThreadPoolExecutor(3) as threads:
        for _ in range(3):
            threads.submit(read)
        try:
            for number in range(40):
                put(engine, str(number), bytes(1 << 18))
            log, until = tmp_path / "x.db-wal", time.monotonic() + PATIENCE
            while (size := log.stat().st_size) >= 5 << 20 and time.monotonic() < until:
                put(engine, "more", b"")  # a reader may have been in the way: it is tried again
        finally:
            stop.set()
    assert size < 5 << 20


def test_memory_of_answers_is_not_kept(engine: SqliteEngine) -> None:
    """After its answer nothing of an update is held by the engine."""

    class Answer:
        pass

    answer = engine.update(lambda _: Answer())
    gone = weakref.ref(answer)
    del answer
    gc.collect()
    assert gone() is None


def test_to_drop_a_long_record_writes_little(engine: SqliteEngine, tmp_path: Path) -> None:
    """Its pages become free as they are, whatever the library was built to do."""
    log = tmp_path / "x.db-wal"
    put(engine, "long", bytes(1 << 20))
    before = log.stat().st_size
    engine.update(lambda tx: tx.drop(Setting, "long"))
    assert log.stat().st_size - before < 1 << 17


def test_space_is_given_back_when_there_is_nothing_else_to_do(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """A file that held much shrinks after that was dropped, and no free pages pile up."""

    def fill(tx: Writer) -> None:
        for number in range(32):
            tx.put(Setting(name=str(number), value=bytes(1 << 20)))

    def clear(tx: Writer) -> None:
        for number in range(32):
            tx.drop(Setting, str(number))

    engine.update(fill)
    engine.update(clear)
    file = next(tmp_path.glob("*.db"))
    until = time.monotonic() + PATIENCE

    while file.stat().st_size > 8 << 20 and time.monotonic() < until:
        time.sleep(0.05)

    assert file.stat().st_size <= 8 << 20
    assert engine.view(count) == 0
