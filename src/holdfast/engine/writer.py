"""Group commit: whoever has the turn to write joins the updates that wait into one commit."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from holdfast.engine.between import Between
from holdfast.engine.port import EngineError, NoSpace, Outcome, Work, Writer
from holdfast.engine.settled import Settled
from holdfast.engine.transaction import SqliteWriter
from holdfast.engine.turns import Ticket, Turns, Waiter
from holdfast.engine.upkeep import Upkeep

T = TypeVar("T")

_LARGEST_BATCH = 256  # updates in one commit


class Commits:
    """Runs updates and commits them. Owns the connection it is given."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        committed: Callable[[int], None],
        inside: threading.local,
        settled: Settled,
    ) -> None:
        """Run updates by turns, and start the upkeep.

        Args:
            connection: ready for writing.
            committed: called after a commit with the number of its updates that wrote.
            inside: gets `transaction = True` in a thread while it runs updates.
            settled: the records that are kept.
        """
        self._settled = settled
        self._between = Between()
        self._connection = connection
        self._committed = committed
        self._inside = inside
        self._synced = True  # every commit, as the connection comes
        self._turns = Turns()
        self._upkeep = Upkeep(connection, self._turns)

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
        if self._turns.close():
            self._upkeep.close()
            self._connection.close()

    def _lead(self, own: list[Ticket]) -> None:
        """Use the turn: run these tickets and those that wait, and pass the turn on."""
        joined: list[Waiter] = []
        self._inside.transaction = True
        try:
            joined = self._turns.joining(_LARGEST_BATCH)
            self._commit(own + [waiter.ticket for waiter in joined if waiter.ticket is not None])
        finally:
            self._inside.transaction = False
            for waiter in joined:
                waiter.answer()
            self._turns.pass_on()

    def _commit(self, tickets: list[Ticket]) -> None:
        """Run updates in one transaction. Their errors, and those of the commit, go to the tickets.

        Only what is no error of theirs comes out here, such as the KeyboardInterrupt of the main
        thread: the tickets have an error then too.
        """
        connection = self._connection
        try:
            self._sync(every_commit=any(ticket.durable for ticket in tickets))
            connection.execute("BEGIN IMMEDIATE")
            first = True
            for ticket in tickets:
                writer = SqliteWriter(connection, self._settled, self._between, first=first)
                _attempt(writer, connection, ticket)
                first = first and not ticket.written
            connection.execute("COMMIT")
        except BaseException as problem:
            self._fail(tickets, problem)
            if not isinstance(problem, Exception):
                raise
            return
        finally:
            self._settled.settle()
        wrote = [ticket.written for ticket in tickets if ticket.written]
        if wrote:
            self._upkeep.committed(sum(wrote))
            self._committed(len(wrote))

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

    def _fail(self, tickets: list[Ticket], problem: BaseException) -> None:
        """Take a whole batch back, and tell everyone in it."""
        self._between.forget()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as another:
            problem.add_note(f"and the rollback failed: {another}")
        for ticket in tickets:
            if ticket.error is None:
                ticket.result = None
                ticket.error = self._failure(problem)
                ticket.error.__cause__ = problem

    def _failure(self, problem: BaseException) -> EngineError:
        if not isinstance(problem, Exception):
            return EngineError(f"the commit was interrupted: {problem!r}")
        if not _is_full(problem):
            return EngineError(f"the commit failed, nothing was kept: {problem}")
        try:
            log = self._upkeep.log.stat().st_size >> 20
        except OSError:
            log = 0
        # The log is merged into the database before it begins anew, and that takes its size.
        return NoSpace(f"the disk is full, nothing was kept; make room for at least {log + 1} MiB")


def _attempt(writer: SqliteWriter, connection: sqlite3.Connection, ticket: Ticket) -> None:
    """Run one update inside the batch's transaction; take it back if it raises.

    Raises:
        EngineError: SQLite gave up the whole transaction.
        sqlite3.Error: the same.
    """
    try:
        ticket.result = ticket.work(writer)
        writer.release()
        ticket.written = writer.written
    except Exception as problem:  # it is raised again in the caller's thread
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
