"""The default engine: one SQLite database in write-ahead mode.

Everything runs in its caller's thread. Updates take turns; whoever has the turn joins those that wait
into one commit: one fsync for all of them.
"""

import contextlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from holdfast.engine.connection import connect
from holdfast.engine.migrate import migrate, steps, version_of
from holdfast.engine.port import (
    CorruptData,
    EngineClosed,
    EngineError,
    Outcome,
    Reader,
    Work,
    Writer,
)
from holdfast.engine.readers import Readers
from holdfast.engine.settled import Settled
from holdfast.engine.snapshot import Moved, SqliteSnapshot
from holdfast.engine.writer import Commits

T = TypeVar("T")

_WRITER_CACHE_KIB = 16 * 1024
# Views of threads take turns: more at once are slower, as every statement hands over the interpreter's
# lock. An event loop does one thing at a time, and never waits for those.
_FOR_THREADS = 4
_FOR_LOOPS = 1


class SqliteEngine:
    """See `Engine`. Takes no lock on the directory: that is `open_directory`'s."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open a database, which is made or brought to the current format first.

        Args:
            path: the database file.
            read_only: refuse updates, and neither make nor migrate the file. Another process may be
                writing it.

        Raises:
            EngineError: the file cannot be opened, or, read-only, is of an older format.
            NewerFormat: the file is of a newer format.
            CorruptData: the file is something else.
        """
        self._path = path
        self._revision = time.time_ns() // 1_000
        self._raised = threading.Condition()
        self._watchers = 0
        self._closed = False
        self._inside = threading.local()
        self._commits: Commits | None = None
        self._settled = Settled(shared=read_only)
        if read_only:
            _check_format(path)
        else:
            self._commits = Commits(_ready(path), self._raise, self._inside, self._settled)
        self._readers = Readers(path, _FOR_THREADS)
        self._loop_readers = Readers(path, _FOR_LOOPS)

    def view(self, work: Callable[[Reader], T]) -> T:
        """See `Engine.view`."""
        self._refuse_nested()
        if self._closed:
            raise EngineClosed("the engine was closed")
        readers = self._loop_readers if _in_event_loop() else self._readers
        self._inside.transaction = True
        try:
            while True:
                reader = SqliteSnapshot(readers, self._settled)
                try:
                    return work(reader)
                except Moved:
                    continue
                finally:
                    reader.end()
        finally:
            self._inside.transaction = False

    def update(self, work: Callable[[Writer], T], *, durable: bool = True) -> T:
        """See `Engine.update`."""
        self._refuse_nested()
        return self._writing().submit(work, durable=durable)

    def ask_turn(self, wake: Callable[[], None]) -> bool:
        """See `Engine.ask_turn`."""
        return self._writing().ask(wake)

    def update_all(self, works: Sequence[Work]) -> list[Outcome]:
        """See `Engine.update_all`."""
        self._refuse_nested()
        return self._writing().run(works)

    def wait(self, after: int, timeout: float) -> int:
        """See `Engine.wait`."""
        with self._raised:
            self._watchers += 1
            try:
                self._raised.wait_for(lambda: self._closed or self._revision > after, timeout)
            finally:
                self._watchers -= 1
            if self._closed:
                raise EngineClosed("the engine was closed")
            return self._revision

    def close(self) -> None:
        """See `Engine.close`."""
        self._refuse_nested()
        with self._raised:
            self._closed = True
            self._raised.notify_all()
        if self._commits is not None:
            self._commits.close()
        self._readers.close()
        self._loop_readers.close()

    def _writing(self) -> Commits:
        if self._commits is None:
            raise EngineError(f"{self._path} was opened read-only")
        return self._commits

    def _refuse_nested(self) -> None:
        if getattr(self._inside, "transaction", False):
            raise EngineError("the engine was called from inside one of its own transactions")

    def _raise(self, by: int) -> None:
        with self._raised:
            self._revision += by
            if self._watchers:
                self._raised.notify_all()


def _in_event_loop() -> bool:
    """Tell whether the caller is inside an event loop, without importing one where there is none."""
    events = sys.modules.get("asyncio.events")
    if events is None:
        return False
    return events._get_running_loop() is not None  # noqa: SLF001 - the public one raises: slow


def _check_format(path: Path) -> None:
    """Refuse a file that is not of the current format."""
    newest = len(steps())
    with contextlib.closing(connect(path, cache_kib=64, read_only=True)) as connection:
        version = version_of(connection, str(path), newest)
        if version == 0:
            raise CorruptData(f"{path} is empty")
        if version < newest:
            raise EngineError(f"{path} is of an older format; start the server on it once")


def _ready(path: Path) -> sqlite3.Connection:
    """Return a connection for writing to a file that exists, private, in the current format."""
    try:
        # SQLite gives its -wal and -shm files the mode of the database.
        path.touch(mode=0o600, exist_ok=True)
    except OSError as problem:
        raise EngineError(f"cannot make {path}: {problem.strerror}") from problem
    connection = connect(path, cache_kib=_WRITER_CACHE_KIB)
    try:
        migrate(connection, str(path))
    except BaseException:
        connection.close()
        raise
    return connection
