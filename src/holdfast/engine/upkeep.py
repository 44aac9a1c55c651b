"""What is done for the database beside the updates: the log begun anew, and space given back.

It runs in a thread of its own, with the turn to write and on the connection for writing. A checkpoint
on another connection, beside a commit, could lose that commit in SQLite before 3.51.3
(https://sqlite.org/wal.html#walresetbug); and one inside a COMMIT would hold up the event loop.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from holdfast.engine.connection import BUSY_SECONDS, LARGEST_LOG
from holdfast.engine.port import EngineClosed
from holdfast.engine.turns import Turns

_MERGED_AT_ONCE = 8 << 20  # bytes that are written to the log before it is begun anew
_PATIENCE = 5  # milliseconds that updates wait for readers of the log, at most
_LARGE_PATIENCE = 200  # the same, once the log is large
_IDLE_SECONDS = 0.2  # without an update, before space is given back
_STEP_SECONDS = 0.01  # between two steps of that: updates that wait have their turn
_LATER_SECONDS = 5.0  # until another try, when a reader stays
_KEPT_PAGES = 64  # free pages that stay in the file for what comes next: 256 KiB...
_KEPT_PART = 32  # ...or one in so many pages of a large file
_PAGE_BYTES = 4096
_PAGES_AT_ONCE = 128  # an update waits for so many at most: 512 KiB, 2 milliseconds
_INCREMENTAL = 2  # PRAGMA auto_vacuum: pages are given back when that is asked for
_KEPT_LOG = 256 << 10  # bytes of the log that stay on disk: to overwrite is faster than to append

_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Upkeep:
    """Keeps the files of a connection small. Uses it only with the turn."""

    def __init__(self, connection: sqlite3.Connection, turns: Turns) -> None:
        """Start to give back what may be free already."""
        self.log = Path(_file_of(connection) + "-wal")
        self._connection = connection
        self._turns = turns
        self._limit = LARGEST_LOG
        self._unmerged = 0  # bytes; changed only with the turn
        # A file that was made otherwise gives nothing back, however often it is asked to.
        self._gives = connection.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,)
        self._giving = False  # pages were given back that the file has still
        self._closing = False
        self._work = threading.Event()  # something was written since it was looked at
        self._work.set()
        self._hurry = threading.Event()  # the log is long, or the end has come
        self._thread = threading.Thread(target=self._run, name="holdfast-upkeep", daemon=True)
        self._thread.start()

    def committed(self, size: int) -> None:
        """Take note that the log has grown by so many bytes, roughly. The caller has the turn."""
        self._grown(size)
        if not self._work.is_set():
            self._work.set()

    def close(self) -> None:
        """End the thread. The caller has the last turn."""
        self._closing = True
        self._hurry.set()
        self._work.set()
        self._thread.join()

    def _grown(self, size: int) -> None:
        self._unmerged += size
        if self._unmerged >= _MERGED_AT_ONCE:
            self._hurry.set()

    def _run(self) -> None:
        again: float | None = None  # seconds until the next step; None: once something is written
        while True:
            if again is None:
                self._work.wait()
                again = _IDLE_SECONDS
            self._work.clear()
            long = self._hurry.wait(again)
            if self._closing:
                return
            if self._work.is_set() and not long:
                again = _IDLE_SECONDS  # something was written meanwhile
                continue
            if long:
                self._sync_log()
            try:
                self._turns.wait()
            except EngineClosed:
                return
            try:
                again = self._merge() if long else self._tidy()
            finally:
                self._turns.pass_on()

    def _sync_log(self) -> None:
        """Bring the log to disk without the turn: the merge, which syncs it too, is shorter then.

        What goes wrong is met by the merge again: the system tells everyone who has the file open.
        """
        with contextlib.suppress(OSError):
            descriptor = os.open(self.log, os.O_RDONLY)
            try:
                _sync(descriptor)
            finally:
                os.close(descriptor)

    def _merge(self) -> float:
        """Merge the log, so that the next commit begins it anew; return when to go on.

        Readers that came before keep SQLite from beginning anew. They are waited for, shortly; those
        that come meanwhile read the database alone, and are not in the way.
        """
        self._hurry.clear()
        self._unmerged = 0
        try:
            large = self.log.stat().st_size > self._limit
            patience, mode = (_LARGE_PATIENCE, "TRUNCATE") if large else (_PATIENCE, "RESTART")
            busy = self._checkpoint(mode, patience)
        except (OSError, sqlite3.Error):
            return _IDLE_SECONDS  # the commits are safe in the log; a later one tries again
        if large:
            self._limit = self._limit * 2 if busy else LARGEST_LOG
        return _IDLE_SECONDS  # there may be pages to give back

    def _checkpoint(self, mode: str, patience: int) -> bool:
        """Return whether readers were in the way to the end."""
        # A timeout is set when it is compiled: one from the cache of statements would do nothing.
        self._connection.executescript(f"PRAGMA busy_timeout = {patience}")
        try:
            return bool(self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[0])
        finally:
            self._connection.executescript(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def _tidy(self) -> float | None:
        """Do a step of giving space back to the file system; return when to go on, if there is more."""
        try:
            pages = self._pages_to_give()
            if pages:
                # It gives back one page a step, and only executescript takes all the steps.
                self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")
                self._giving = True
                self._grown(pages * _PAGE_BYTES)
                return _STEP_SECONDS
            if self._giving or self.log.stat().st_size > _KEPT_LOG:
                if self._checkpoint("TRUNCATE", _PATIENCE):  # cuts both files
                    return _LATER_SECONDS
                self._giving = False
                self._unmerged = 0
        except (OSError, sqlite3.Error):
            return None  # a full disk, say: the space stays, and is used again
        return None

    def _pages_to_give(self) -> int:
        """Return how many free pages to give back now. Few are left alone, but no step is the last."""
        free, pages = (
            int(self._connection.execute(f"PRAGMA {count}").fetchone()[0])
            for count in ("freelist_count", "page_count")
        )
        kept = max(_KEPT_PAGES, pages // _KEPT_PART)
        if not self._gives or free <= (kept if self._giving else 2 * kept):
            return 0
        return min(free - kept, _PAGES_AT_ONCE)


def _file_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])
