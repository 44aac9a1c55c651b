"""A view of one moment, whose transaction begins with the first record that is not kept."""

import sqlite3
from typing import Any

from holdfast.engine.readers import Readers
from holdfast.engine.settled import Settled
from holdfast.engine.transaction import SqliteReader


class Moved(Exception):
    """What is kept is not of the moment that the database is seen at: to be begun again."""


class SqliteSnapshot(SqliteReader):
    """See `Reader`."""

    __slots__ = ("_connection", "_readers", "_settled")

    def __init__(self, readers: Readers, settled: Settled) -> None:
        """Prepare to read through one of these connections."""
        super().__init__(self._begin, settled.kept)
        self._readers = readers
        self._settled = settled
        self._connection: sqlite3.Connection | None = None

    def end(self) -> None:
        """Refuse every further call, and give the connection back."""
        super().end()
        if self._connection is not None:
            self._readers.give_back(self._connection)
            self._connection = None

    def _begin(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        """Run the first statement, which decides what moment is seen.

        Raises:
            Moved: a settled record was written between the first that was taken and now.
        """
        connection = self._connection = self._readers.take()
        self._execute = connection.execute
        connection.execute("BEGIN")
        cursor = connection.execute(statement, values)
        if self._kept is not None and self._kept is not self._settled.kept:
            raise Moved
        return cursor
