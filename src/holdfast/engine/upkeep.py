"""What is done for the database beside the updates: the log begun anew, and space given back.

It runs in a thread of its own, with the turn to write and on the connection for writing. A checkpoint
on another connection, beside a commit, could lose that commit in SQLite before 3.51.3
(https://sqlite.org/wal.html#walresetbug); and one inside a COMMIT would hold up the event loop.
"""

import sqlite3
import threading
from pathlib import Path

from holdfast.engine.connection import BUSY_SECONDS, LARGEST_LOG
from holdfast.engine.port import EngineClosed
from holdfast.engine.turns import Turns

_MERGED_AT_ONCE = 8 << 20  # bytes that are written to the log before it is begun anew
_PATIENCE = 5  # milliseconds that updates wait for readers of the log, at most
_LARGE_PATIENCE = 200  # the same, once the log is large
_IDLE_SECONDS = 0.2  # without an update, before space is given back
_KEPT_PAGES = 256  # free pages that stay in the file for what comes next: 1 MiB
_PAGES_AT_ONCE = 512  # an update waits for so many at most: 2 MiB, milliseconds


class Upkeep:
    """Keeps the files of a connection small. Uses it only with the turn."""

    def __init__(self, connection: sqlite3.Connection, turns: Turns) -> None:
        """Start to give back what may be free already."""
        self.log = Path(_file_of(connection) + "-wal")
        self._connection = connection
        self._turns = turns
        self._limit = LARGEST_LOG
        self._unmerged = 0  # bytes; changed only with the turn
        self._closing = False
        self._work = threading.Event()  # something was written since it was looked at
        self._work.set()
        self._hurry = threading.Event()  # the log is long, or the end has come
        self._thread = threading.Thread(target=self._run, name="holdfast-upkeep", daemon=True)
        self._thread.start()

    def committed(self, size: int) -> None:
        """Take note that the log has grown by so many bytes, roughly. The caller has the turn."""
        self._unmerged += size
        if self._unmerged >= _MERGED_AT_ONCE:
            self._hurry.set()
        if not self._work.is_set():
            self._work.set()

    def close(self) -> None:
        """End the thread. The caller has the last turn."""
        self._closing = True
        self._hurry.set()
        self._work.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._work.clear()
            long = self._hurry.wait(_IDLE_SECONDS)
            if self._closing:
                return
            if self._work.is_set() and not long:
                continue  # something was written meanwhile
            try:
                self._turns.wait()
            except EngineClosed:
                return
            try:
                more = self._merge() if long else self._give_back()
            finally:
                self._turns.pass_on()
            if more:
                self._work.set()

    def _merge(self) -> bool:
        """Merge the log into the database, so that the next commit begins it anew.

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
            return True  # the commits are safe in the log; a later one tries again
        if large:
            self._limit = self._limit * 2 if busy else LARGEST_LOG
        return True  # there may be pages to give back

    def _checkpoint(self, mode: str, patience: int) -> bool:
        """Return whether readers were in the way to the end."""
        # A timeout is set when it is compiled: one from the cache of statements would do nothing.
        self._connection.executescript(f"PRAGMA busy_timeout = {patience}")
        try:
            return bool(self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[0])
        finally:
            self._connection.executescript(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def _give_back(self) -> bool:
        """Return some free pages to the file system; return whether there are more to give."""
        try:
            free = int(self._connection.execute("PRAGMA freelist_count").fetchone()[0])
            pages = min(free - _KEPT_PAGES, _PAGES_AT_ONCE)
            if pages <= 0:
                return False
            # It gives back one page a step, and only executescript takes all the steps.
            self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")
            if pages < _PAGES_AT_ONCE:  # the last of them: the file itself is cut by a checkpoint
                self._checkpoint("PASSIVE", _PATIENCE)
            else:
                self.committed(pages * 4096)
        except sqlite3.Error:
            return False  # a full disk, say: the pages stay free, and are used again
        return True


def _file_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])
