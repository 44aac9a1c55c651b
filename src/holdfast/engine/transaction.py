"""What a piece of work is handed: a reader or a writer on one SQLite connection."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from holdfast.engine.between import Between
from holdfast.engine.port import CorruptData, EngineError, NoSpace
from holdfast.engine.readable import Readable
from holdfast.engine.record import Record
from holdfast.engine.settled import Kept, Settled, keep
from holdfast.engine.sql import Rows, rows_of

R = TypeVar("R", bound=Readable)

Execute = Callable[..., sqlite3.Cursor]  # statement, values

_FIRST_PAGE = 16  # rows; each page is four times the one before, up to the largest
_LARGEST_PAGE = 256
_ROW_BYTES = 4096  # that a row costs in the log besides its own: a page
_PAGE_BYTES = 1 << 20  # a page ends early once its records have so many bytes
_UNKNOWN: Any = object()


def engine_error(problem: sqlite3.Error, doing: str) -> EngineError:
    """Return the engine's error for one of SQLite's."""
    # SQLITE_CORRUPT and SQLITE_NOTADB are plain DatabaseErrors; all other causes have a subclass.
    if isinstance(problem, sqlite3.ProgrammingError):
        raise problem  # a mistake in the code, such as a key that is not whole
    kind = CorruptData if type(problem) is sqlite3.DatabaseError else EngineError
    if getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        kind = NoSpace
    return kind(f"{doing} failed: {problem}")


def _ended(*_: object) -> NoReturn:
    raise EngineError("a transaction was used after it had ended")


class SqliteReader:
    """See `Reader`."""

    __slots__ = ("_execute", "_followed", "_kept", "_own")

    def __init__(self, execute: Execute, kept: Kept | None) -> None:
        """Read in a transaction.

        Args:
            execute: runs a statement in it.
            kept: settled records as they are in it, if they are known.
        """
        self._execute = execute
        self._kept = kept
        self._own: Kept | None = None
        self._followed: Kept | None = None

    def end(self) -> None:
        """Refuse every further call."""
        self._execute = _ended
        self._kept = self._own = self._followed = None

    def get(self, kind: type[R], *key: Any) -> R | None:
        """See `Reader.get`."""
        if kind.settled:
            kept = self._kept
        elif kind.reread:
            kept = self._own
        else:
            kept = self._followed if kind.followed else None
        if kept is None:
            return self._read(kind, key)
        found: R | None = kept.get((kind, key), _UNKNOWN)
        if found is _UNKNOWN:
            found = self._read(kind, key)
            self._remember(kind, key, found)
        return found

    def _remember(self, kind: type[Readable], key: tuple[Any, ...], found: Any) -> None:
        """Remember what was read. That there is none of a settled kind is not kept."""
        if kind.settled and self._kept is not None and found is not None:
            keep(self._kept, (kind, key), found)

    def _read(self, kind: type[R], key: tuple[Any, ...]) -> R | None:
        rows = rows_of(kind)
        try:
            row = self._execute(rows.get, key).fetchone()
        except sqlite3.Error as problem:
            raise engine_error(problem, f"reading a {kind.kind}") from problem
        return None if row is None else rows.record(key, row[0])

    def scan(
        self,
        kind: type[R],
        *prefix: Any,
        start: tuple[Any, ...] = (),
        after: tuple[Any, ...] = (),
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """See `Reader.scan`."""
        rows = rows_of(kind)
        if start and after:
            raise ValueError("a scan takes start or after, not both")
        if len(prefix) + len(start or after) > len(rows.keys):
            raise ValueError(f"a {kind.kind} has {len(rows.keys)} key fields, more were given")
        strict = "<" if reverse else ">"
        comparison = strict if after else strict + "="
        return self._pages(rows, prefix, start or after, comparison, limit, reverse)

    def last(self, kind: type[R]) -> R | None:
        """See `Reader.last`."""
        return next(self.scan(kind, limit=1, reverse=True), None)

    def _pages(
        self,
        rows: Rows[R],
        prefix: tuple[Any, ...],
        bound: tuple[Any, ...],
        comparison: str,
        limit: int | None,
        reverse: bool,
    ) -> Iterator[R]:
        """Yield page after page, each beginning behind the last key of the one before.

        No statement is open while a record is out, so writing meanwhile disturbs nothing.
        """
        size = _FIRST_PAGE
        while limit is None or limit > 0:
            wanted = size if limit is None else min(size, limit)
            statement = rows.scan(len(prefix), len(bound), comparison, reverse=reverse)
            page, ended = self._page(statement, (*prefix, *bound, wanted))
            for row in page:
                yield rows.record(row, row[-1])
            if ended:
                return
            if limit is not None:
                limit -= len(page)
            bound = page[-1][len(prefix) : -1]
            if not bound:  # the prefix is a whole key
                return
            comparison = comparison[0]
            size = min(size * 4, _LARGEST_PAGE)

    def _page(self, statement: str, values: tuple[Any, ...]) -> tuple[list[tuple[Any, ...]], bool]:
        """Return a page of rows, and whether there are none behind it."""
        page: list[tuple[Any, ...]] = []
        size = 0
        try:
            cursor = self._execute(statement, values)
            for row in cursor:
                page.append(row)
                size += len(row[-1])
                if size >= _PAGE_BYTES:
                    cursor.close()
                    return page, False
        except sqlite3.Error as problem:
            raise engine_error(problem, "scanning") from problem
        return page, len(page) < values[-1]


class SqliteWriter(SqliteReader):
    """See `Writer`. What it wrote can be taken back; the updates before it in the commit stay."""

    __slots__ = ("_between", "_first", "_marked", "_mine", "_settled", "failure", "written")

    def __init__(
        self,
        connection: sqlite3.Connection,
        settled: Settled,
        between: Between,
        *,
        first: bool = True,
    ) -> None:
        """Write through a connection that is in a transaction.

        Args:
            connection: begun with BEGIN IMMEDIATE.
            settled: told before a settled record is written.
            between: what the updates before have left.
            first: nothing was written in its transaction yet, so that taking back is to begin again.
                Else the first write opens a savepoint.
        """
        super().__init__(connection.execute, settled.kept)
        self._settled = settled
        self._between = between
        self._followed = between.followed
        self._mine: Kept = {}
        self._own = self._mine
        self._first = first
        self._marked = False
        self.written = 0  # bytes that the log grows by, roughly; 0: nothing was written
        self.failure: EngineError | None = None

    def last(self, kind: type[R]) -> R | None:
        """See `Reader.last`."""
        if not kind.grows:
            return super().last(kind)
        known = self._between.lasts.get(kind)
        if known is None:
            found = super().last(kind)
            if found is None:
                return None
            known = self._between.lasts[kind] = rows_of(kind).key_of(found), found
        last: R = known[1]
        return last

    def put(self, record: Record) -> None:
        """See `Writer.put`."""
        kind = type(record)
        rows = rows_of(kind)
        row = rows.row(record)
        if kind.settled:
            self._disturb()
        self._write(rows.put, row)
        self.written += _ROW_BYTES + len(row[-1])
        if kind.reread:
            self._mine[kind, row[:-1]] = record
        elif kind.followed:
            self._between.follow((kind, row[:-1]), record)
        elif kind.grows:
            last, key = self._between.lasts.get(kind), row[:-1]
            if last is not None and key >= last[0]:
                self._between.lasts[kind] = key, record

    def drop(self, kind: type[Record], *key: Any) -> None:
        """See `Writer.drop`."""
        if kind.settled:
            self._disturb()
        if self._write(rows_of(kind).drop, key):
            self.written += _ROW_BYTES
        if kind.reread:
            self._mine[kind, key] = None
        elif kind.followed:
            self._between.follow((kind, key), None)
        elif kind.grows:
            self._between.forget()

    def _remember(self, kind: type[Readable], key: tuple[Any, ...], found: Any) -> None:
        if kind.reread:
            self._mine[kind, key] = found
        elif kind.followed:
            self._between.follow((kind, key), found)
        else:
            super()._remember(kind, key, found)

    def _disturb(self) -> None:
        self._settled.disturb()
        self._kept = None

    def release(self) -> None:
        """Join what was written to the transaction around it.

        Raises:
            EngineError: a write failed; also if the work had caught it.
        """
        if self.failure is not None:
            raise self.failure
        if self._marked and not self._first:
            self._execute("RELEASE one")

    def take_back(self) -> None:
        """Undo what was written."""
        if not self._marked:
            return
        self._between.forget()
        if self._first:
            self._execute("ROLLBACK")
            self._execute("BEGIN IMMEDIATE")
        else:
            self._execute("ROLLBACK TO one")
            self._execute("RELEASE one")

    def _write(self, statement: str, values: Sequence[Any]) -> int:
        try:
            if not self._marked:
                if not self._first:
                    self._execute("SAVEPOINT one")
                self._marked = True
            return self._execute(statement, values).rowcount
        except sqlite3.Error as problem:
            self.failure = engine_error(problem, "writing")
            raise self.failure from problem
