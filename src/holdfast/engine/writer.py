"""Group commit: one thread runs every update and joins those that wait into one commit."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from holdfast.engine.connection import LARGEST_LOG
from holdfast.engine.port import EngineClosed, EngineError, NoSpace, Writer
from holdfast.engine.transaction import SqliteWriter

T = TypeVar("T")

_LARGEST_BATCH = 256  # updates in one commit
_IDLE_SECONDS = 0.2  # without an update, before space is given back
_KEPT_PAGES = 1024  # free pages that stay in the file for what comes next: 4 MiB
_PAGES_AT_ONCE = 512  # an update waits for so many at most: 2 MiB, milliseconds


class _Ticket:
    """One update that waits for its commit."""

    __slots__ = ("answered", "error", "result", "work", "wrote")

    def __init__(self, work: Callable[[Writer], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.wrote = False
        self.answered = threading.Lock()
        self.answered.acquire()


class Commits:
    """The writer thread and its queue. Owns the connection it is given."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        committed: Callable[[int], None],
        inside: threading.local,
    ) -> None:
        """Start the thread.

        Args:
            connection: ready for writing.
            committed: called after a commit with the number of its updates that wrote.
            inside: gets `transaction = True` in the writer thread.
        """
        self._connection = connection
        self._committed = committed
        self._inside = inside
        self._log = Path(_file_of(connection) + "-wal")
        self._log_limit = LARGEST_LOG
        self._spare = True  # there may be free pages
        self._queue: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._gate = threading.Lock()  # nothing is queued behind the None that ends the thread
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="holdfast-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Writer], T]) -> T:
        """Run an update; return its answer once it is durable, or raise what it raised."""
        ticket = _Ticket(work)
        with self._gate:
            if self._closed:
                raise EngineClosed("the engine was closed")
            self._queue.put(ticket)
        ticket.answered.acquire()
        if ticket.error is None:
            return cast("T", ticket.result)
        try:
            raise ticket.error
        finally:
            del ticket  # its error's traceback refers to this frame

    def close(self) -> None:
        """Finish what is queued, then end the thread and close the connection. Idempotent."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        self._inside.transaction = True
        while self._run_batch():
            pass
        self._connection.close()

    def _run_batch(self) -> bool:
        """Wait for updates and run all that there are; return whether more may come."""
        batch = [self._next()]
        while len(batch) < _LARGEST_BATCH and self._queue.qsize():
            batch.append(self._queue.get())
        tickets = [ticket for ticket in batch if ticket is not None]
        self._commit(tickets)
        for ticket in tickets:
            ticket.answered.release()
        return len(tickets) == len(batch)

    def _next(self) -> _Ticket | None:
        """Wait for an update; meanwhile give back space, a little at a time."""
        while True:
            try:
                return self._queue.get(timeout=_IDLE_SECONDS if self._spare else None)
            except Empty:
                self._spare = self._give_back()

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
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            return False  # a full disk, say: the pages stay free, and are used again
        self._bound_log()
        return True

    def _commit(self, tickets: list[_Ticket]) -> None:
        """Run updates in one transaction. Never raises: errors go to the tickets."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for ticket in tickets:
                _attempt(connection, ticket)
            connection.execute("COMMIT")
        except Exception as problem:
            self._fail(tickets, problem)
            return
        wrote = sum(ticket.wrote for ticket in tickets)
        if wrote:
            self._spare = True
            self._committed(wrote)
            self._bound_log()

    def _fail(self, tickets: list[_Ticket], problem: Exception) -> None:
        """Take a whole batch back, and tell everyone in it."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as another:
            problem.add_note(f"and the rollback failed: {another}")
        for ticket in tickets:
            if ticket.error is None:
                ticket.error = self._failure(problem)
                ticket.error.__cause__ = problem

    def _failure(self, problem: Exception) -> EngineError:
        if not _is_full(problem):
            return EngineError(f"the commit failed, nothing was kept: {problem}")
        try:
            log = self._log.stat().st_size >> 20
        except OSError:
            log = 0
        # The log is merged into the database before it begins anew, and that takes its size.
        return NoSpace(f"the disk is full, nothing was kept; make room for at least {log + 1} MiB")

    def _bound_log(self) -> None:
        """Start the log anew once it is large: overlapping readers keep SQLite from doing that."""
        try:
            if self._log.stat().st_size <= self._log_limit:
                return
            self._connection.execute("PRAGMA busy_timeout = 200")
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            self._connection.execute("PRAGMA busy_timeout = 10000")
        except (OSError, sqlite3.Error):
            return  # the commits are safe in the log; a later one tries again
        self._log_limit = self._log_limit * 2 if busy else LARGEST_LOG


def _attempt(connection: sqlite3.Connection, ticket: _Ticket) -> None:
    """Run one update inside the batch's transaction; take it back if it raises.

    Raises:
        EngineError: SQLite gave up the whole transaction.
        sqlite3.Error: the same.
    """
    writer = SqliteWriter(connection)
    try:
        ticket.result = ticket.work(writer)
        writer.release()
        ticket.wrote = writer.wrote
    except BaseException as problem:  # it is raised again in the caller's thread
        ticket.error = problem
        ticket.result = None
        if not connection.in_transaction:  # a full disk or an I/O error ends it at once
            raise EngineError(f"the transaction was given up: {problem}") from problem
        writer.take_back()
    finally:
        writer.end()


def _is_full(problem: BaseException | None) -> bool:
    """Tell whether an error comes of a full disk."""
    while problem is not None:
        if getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            return True
        problem = problem.__cause__
    return False


def _file_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])
