"""Group commit: whoever has the turn to write joins the updates that wait into one commit."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from holdfast.engine.connection import LARGEST_LOG
from holdfast.engine.port import EngineClosed, EngineError, NoSpace, Outcome, Work, Writer
from holdfast.engine.transaction import SqliteWriter
from holdfast.engine.turns import Ticket, Turns, Waiter

T = TypeVar("T")

_LARGEST_BATCH = 256  # updates in one commit
_IDLE_SECONDS = 0.2  # without an update, before space is given back
_KEPT_PAGES = 1024  # free pages that stay in the file for what comes next: 4 MiB
_PAGES_AT_ONCE = 512  # an update waits for so many at most: 2 MiB, milliseconds


class Commits:
    """Runs updates and commits them. Owns the connection it is given."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        committed: Callable[[int], None],
        inside: threading.local,
    ) -> None:
        """Start to give back space when there is nothing else to do.

        Args:
            connection: ready for writing.
            committed: called after a commit with the number of its updates that wrote.
            inside: gets `transaction = True` in a thread while it runs updates.
        """
        self._connection = connection
        self._committed = committed
        self._inside = inside
        self._log = Path(_file_of(connection) + "-wal")
        self._log_limit = LARGEST_LOG
        self._synced = True  # every commit, as the connection comes
        self._turns = Turns()
        self._closing = False
        self._spare = threading.Event()  # there may be free pages
        self._spare.set()
        self._thread = threading.Thread(target=self._tidy, name="holdfast-space", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Writer], T], *, durable: bool = True) -> T:
        """Run an update; return its answer once it is durable, or raise what it raised."""
        ticket = Ticket(work, durable=durable)
        if self._turns.wait(ticket):
            self._lead([ticket])
        if ticket.error is None:
            return cast("T", ticket.result)
        try:
            raise ticket.error
        finally:
            del ticket  # its error's traceback refers to this frame

    def ask(self, wake: Callable[[], None]) -> bool:
        """See `SqliteEngine.ask_turn`."""
        return self._turns.ask(Waiter(wake))

    def run(self, works: Sequence[Work]) -> list[Outcome]:
        """See `SqliteEngine.update_all`."""
        tickets = [Ticket(work) for work in works]
        self._lead(tickets)
        return [ticket.outcome() for ticket in tickets]

    def close(self) -> None:
        """Let those who wait finish, then close the connection. Idempotent."""
        self._closing = True
        self._spare.set()
        if self._turns.close():
            self._connection.close()
        self._thread.join()

    def _lead(self, own: list[Ticket]) -> None:
        """Use the turn: run these tickets and those that wait, and pass the turn on."""
        joined = self._turns.joining(_LARGEST_BATCH)
        tickets = own + [waiter.ticket for waiter in joined if waiter.ticket is not None]
        self._inside.transaction = True
        try:
            self._commit(tickets)
        finally:
            self._inside.transaction = False
            for waiter in joined:
                waiter.answered = True
                waiter.wake()
            self._turns.pass_on()

    def _tidy(self) -> None:
        """Give back space, a little at a time, while there is nothing else to do."""
        while not self._closing:
            self._spare.wait()
            self._spare.clear()
            time.sleep(_IDLE_SECONDS)
            if self._spare.is_set() or self._closing:
                continue  # something was written meanwhile
            try:
                self._turns.wait()
            except EngineClosed:
                return
            try:
                if self._give_back():
                    self._spare.set()
            finally:
                self._turns.pass_on()

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

    def _commit(self, tickets: list[Ticket]) -> None:
        """Run updates in one transaction. Never raises: errors go to the tickets."""
        connection = self._connection
        try:
            self._sync(every_commit=any(ticket.durable for ticket in tickets))
            connection.execute("BEGIN IMMEDIATE")
            for ticket in tickets:
                _attempt(connection, ticket)
            connection.execute("COMMIT")
        except Exception as problem:
            self._fail(tickets, problem)
            return
        wrote = sum(ticket.wrote for ticket in tickets)
        if wrote:
            self._spare.set()
            self._committed(wrote)
            self._bound_log()

    def _sync(self, *, every_commit: bool) -> None:
        """Choose whether commits are on disk when they return, or with the next one that is.

        The log is written in order, so a commit that is synced brings those before it along, and
        without it a checkpoint still syncs the log before it touches the database.
        """
        if every_commit != self._synced:
            level = "FULL" if every_commit else "NORMAL"
            # It acts when it is compiled, so one from the cache of statements would do nothing.
            self._connection.executescript(f"PRAGMA synchronous = {level}")
            self._synced = every_commit

    def _fail(self, tickets: list[Ticket], problem: Exception) -> None:
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


def _attempt(connection: sqlite3.Connection, ticket: Ticket) -> None:
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
