"""SQLite connections as Holdfast uses them: write-ahead log, every commit on disk before it returns."""

import sqlite3
from pathlib import Path

from holdfast.engine.port import CorruptData
from holdfast.engine.transaction import engine_error

APPLICATION_ID = 0x486F6C64  # "Hold": tells our files from other SQLite databases
LARGEST_LOG = 64 << 20  # bytes the write-ahead log keeps on disk when it is not in use
_LOG_MAGICS = (bytes.fromhex("377f0682"), bytes.fromhex("377f0683"))
BUSY_SECONDS = 10.0  # only another process can be in the way


def connect(path: Path, *, cache_kib: int, read_only: bool = False) -> sqlite3.Connection:
    """Open an existing database file. Transactions are begun and ended explicitly.

    Args:
        path: the database file.
        cache_kib: memory for pages, at most.
        read_only: refuse to write.

    Raises:
        EngineError: the file cannot be opened.
        CorruptData: it is not an SQLite database, or the log beside it is not one of SQLite's.
    """
    _refuse_foreign_log(path)
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
    except sqlite3.Error as problem:
        raise engine_error(problem, f"opening {path}") from problem
    try:
        _configure(connection, cache_kib, read_only)
    except sqlite3.Error as problem:
        connection.close()
        raise engine_error(problem, f"opening {path}") from problem
    return connection


def _ours(connection: sqlite3.Connection) -> bool:
    """Tell whether a database is one of Holdfast's, or still empty."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return bool(application == APPLICATION_ID or not tables)


def _refuse_foreign_log(path: Path) -> None:
    """Refuse a log that SQLite would take for an empty one, and forget what was committed last.

    Source: https://sqlite.org/fileformat2.html#walformat
    """
    log = Path(f"{path}-wal")
    try:
        with log.open("rb") as file:
            magic = file.read(4)
    except OSError:
        return  # there is none; or SQLite says what is wrong with it
    # Zeros are what a power cut leaves of a log that was just begun: nothing is in it yet.
    if magic.strip(b"\0") and magic not in _LOG_MAGICS:
        raise CorruptData(
            f"{log} is damaged: what was committed last was in it. Restore a backup, or, to go on "
            f"with what is in {path.name} alone, move {log.name} away"
        )


def _configure(connection: sqlite3.Connection, cache_kib: int, read_only: bool) -> None:
    if not read_only and _ours(connection):  # what is not is refused later, and left as it is
        # Only a new file takes this: what is dropped can then be given back to the file system.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # FULL syncs the log at every commit; NORMAL would lose the last ones in a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: through the drive's cache too
    connection.execute("PRAGMA trusted_schema = OFF")
    # What is dropped is overwritten where a page is written anyway. Some builds of SQLite overwrite all
    # of it, which writes every body a second time when it goes: bodies are encrypted.
    connection.execute("PRAGMA secure_delete = FAST").fetchone()
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = {-cache_kib}")
    connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}").fetchone()
    # Never inside a commit: see `Upkeep`.
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
