"""Headers of state versions that were read before: serial, lineage and counts, never a value.

A version never changes, so an entry is never wrong. One SQLite file in the user's cache directory, for
the user alone; whatever is wrong with it, the answer is "not known".
"""

import os
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import cast

from msgspec.structs import astuple

from holdfast.terraform.statefile import Format, Header

_LAYOUT = 1
_MOST = 500_000  # entries; the oldest are dropped
_CREATE = """
CREATE TABLE IF NOT EXISTS header (
  version TEXT PRIMARY KEY, format TEXT, terraform_version TEXT, serial TEXT, lineage TEXT,
  resources INTEGER, outputs INTEGER
)"""
_READ = "SELECT * FROM header WHERE version = ?"
_WRITE = "INSERT OR REPLACE INTO header VALUES (?, ?, ?, ?, ?, ?, ?)"
_TRIM = "DELETE FROM header WHERE rowid <= (SELECT max(rowid) FROM header) - ?"


def directory() -> Path:
    """Return the user's cache directory for holdfast: `$XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "holdfast"


class HeaderCache:
    """Headers by the version they are of. Safe for threads and for several processes."""

    def __init__(self, path: Path | None = None) -> None:
        """Begin; the file is opened at the first use.

        Args:
            path: of the file; in the user's cache directory if None.
        """
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._broken = False

    def get(self, version: str) -> Header | None:
        """Return the header of a version, if it is known."""
        with self._lock, suppress(sqlite3.Error, OSError, ValueError):
            database = self._open()
            row = database.execute(_READ, (version,)).fetchone() if database else None
            if row:
                return Header(cast("Format", row[1]), row[2], int(row[3]), row[4], row[5], row[6])
        return None

    def put(self, found: Iterable[tuple[str, Header]]) -> None:
        """Keep headers."""
        # A serial may be a uint64, which SQLite's integers cannot hold.
        rows = [
            (version, *astuple(header)[:2], str(header.serial), *astuple(header)[3:])
            for version, header in found
        ]
        with self._lock, suppress(sqlite3.Error, OSError):
            database = self._open()
            if database and rows:
                with database:
                    database.executemany(_WRITE, rows)
                    database.execute(_TRIM, (_MOST,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database:
                self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection | None:
        if self._database or self._broken:
            return self._database
        self._broken = True  # until it is open
        path = self._path or directory() / f"headers-{_LAYOUT}.db"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        database = sqlite3.connect(path, timeout=2, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "PRAGMA synchronous = OFF"
            )  # nothing is lost that cannot be read again
            database.execute(_CREATE)
        except sqlite3.DatabaseError:
            database.close()
            path.unlink(missing_ok=True)  # damaged; the next command begins a new one
            raise
        self._database, self._broken = database, False
        return database
