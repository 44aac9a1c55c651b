"""Connections that views read through: a few, made when first needed, lent one view at a time."""

import sqlite3
from pathlib import Path
from queue import Empty, SimpleQueue

from holdfast.engine.connection import connect
from holdfast.engine.port import EngineClosed

_CACHE_KIB = 1024
_CLOSE_SECONDS = 30.0


class Readers:
    """Lends connections. `give_back` follows every `take`."""

    def __init__(self, path: Path, most: int) -> None:
        """Lend at most so many connections to this file, which exists once the first is taken."""
        self._path = path
        self._most = most
        self._closed = False
        self._free: SimpleQueue[sqlite3.Connection | None] = SimpleQueue()  # None: not open yet
        for _ in range(self._most):
            self._free.put(None)

    def take(self) -> sqlite3.Connection:
        """Wait for a connection.

        Raises:
            EngineClosed: there are no more.
            EngineError: it cannot be opened.
        """
        connection = self._free.get()
        if self._closed:
            self._free.put(None)
            if connection is not None:  # of a view that was still under way at the close
                connection.close()
            raise EngineClosed("the engine was closed")
        if connection is not None:
            return connection
        try:
            return connect(self._path, cache_kib=_CACHE_KIB, read_only=True)
        except BaseException:
            self._free.put(None)
            raise

    def give_back(self, connection: sqlite3.Connection) -> None:
        """End the connection's transaction, and let the next view have it."""
        fit: sqlite3.Connection | None = connection
        try:
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            fit = None
        self._free.put(fit)

    def close(self) -> None:
        """Close every connection; waits a while for those that are lent. Idempotent."""
        self._closed = True
        try:
            for _ in range(self._most):
                connection = self._free.get(timeout=_CLOSE_SECONDS)
                if connection is not None:
                    connection.close()
        except Empty:
            return  # a view hangs; the process is about to end anyway
        finally:
            for _ in range(self._most):
                self._free.put(None)
