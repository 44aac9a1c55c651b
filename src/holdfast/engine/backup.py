"""Copies of a data directory's database, taken while a server runs, and put back.

The root key is not in a backup, and without it a backup cannot be read: keep the two apart, and both.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from holdfast.engine.connection import connect
from holdfast.engine.directory import DATABASE, LOCK, ROOT_KEY, locked, make_directory
from holdfast.engine.durable import create_private, sync_folder, temporary_beside
from holdfast.engine.migrate import steps, version_of
from holdfast.engine.port import CorruptData, EngineError
from holdfast.engine.progress import Progress, silent
from holdfast.engine.transaction import engine_error

_CACHE_KIB = 1024
_STEP_PAGES = 1024  # 4 MiB
_COPY_BYTES = 4 << 20
_MAY_BE_THERE = {ROOT_KEY, LOCK, "credentials", "endpoint"}


def backup(directory: Path, file: Path, progress: Progress = silent) -> None:
    """Write a consistent copy of a data directory's database, as of now, to a new file of mode 0600.

    A server may be running on the directory, here or in another process; it is not held up. The
    root key is not part of the copy.

    Args:
        directory: the data directory.
        file: where to; it appears whole or not at all.
        progress: in bytes.

    Raises:
        EngineError: there is no database, the file exists already, or it cannot be written.
        CorruptData: the database is damaged, or not one of Holdfast's.
        NewerFormat: the database is of a newer format.
    """
    database = directory / DATABASE
    if not database.is_file():
        raise EngineError(f"{directory} is not a data directory: it has no {DATABASE}")
    with _new_file(file) as temporary:
        try:
            with (
                contextlib.closing(
                    connect(database, cache_kib=_CACHE_KIB, read_only=True)
                ) as source,
                contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as copy,
            ):
                version_of(source, str(database), len(steps()))
                _copy_pages(source, copy, progress)
        except sqlite3.Error as problem:
            raise engine_error(problem, f"the backup of {database}") from problem


def restore_backup(file: Path, directory: Path, progress: Progress = silent) -> None:
    """Make a data directory of a backup.

    The root key that belongs to it has to be put beside it, before or after.

    Args:
        file: what `backup` wrote.
        directory: a new or empty one; a root key or credentials may be there already.
        progress: in bytes.

    Raises:
        EngineError: the directory has something in it, or cannot be written.
        CorruptData: the file is damaged, or no backup of Holdfast.
        NewerFormat: the file is of a newer format.
        DirectoryInUse: a server has just begun to use the directory.
    """
    _check_backup(file)
    make_directory(directory)
    with locked(directory), _new_file(directory / DATABASE) as temporary:
        others = {path.name for path in directory.iterdir()} - _MAY_BE_THERE - {temporary.name}
        if others:
            raise EngineError(
                f"{directory} is not empty (it has {', '.join(sorted(others))}); "
                "a backup is restored into a new directory only"
            )
        _copy_file(file, temporary, progress)
        _check_whole(temporary)


def _copy_pages(source: sqlite3.Connection, copy: sqlite3.Connection, progress: Progress) -> None:
    page_bytes = int(source.execute("PRAGMA page_size").fetchone()[0])
    copy.execute("PRAGMA synchronous = OFF")  # the whole file is synced once, at the end
    # Within one transaction the source stays as it is, whatever the server writes meanwhile;
    # otherwise SQLite would begin the copy anew after every commit.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    source.backup(
        copy,
        pages=_STEP_PAGES,
        progress=lambda _status, remaining, total: progress(
            (total - remaining) * page_bytes, total * page_bytes
        ),
    )
    source.execute("COMMIT")
    copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, without a log beside it


@contextlib.contextmanager
def _new_file(file: Path) -> Iterator[Path]:
    """Lend an empty, private file; afterwards it is synced and gets its name, which must be free."""
    temporary = temporary_beside(file)
    try:
        if file.exists():
            raise EngineError(f"{file} exists already; it is not overwritten")
        descriptor = create_private(temporary)
        os.close(descriptor)
        yield temporary
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _name(temporary, file)
        sync_folder(file.parent)
    except FileExistsError:
        raise EngineError(f"{file} exists already; it is not overwritten") from None
    except OSError as problem:
        raise EngineError(f"cannot write {file}: {problem.strerror}") from problem
    finally:
        for leftover in (temporary, Path(f"{temporary}-journal")):
            leftover.unlink(missing_ok=True)


def _name(temporary: Path, file: Path) -> None:
    try:
        file.hardlink_to(temporary)  # unlike a rename, it never replaces
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        temporary.rename(file)


def _copy_file(source: Path, target: Path, progress: Progress) -> None:
    total = source.stat().st_size
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(_COPY_BYTES):
            writing.write(piece)
            progress(writing.tell(), total)


def _check_backup(file: Path) -> None:
    if not file.is_file():
        raise EngineError(f"there is no file {file}")
    with contextlib.closing(_look_at(file)) as connection:
        if version_of(connection, str(file), len(steps())) == 0:
            raise CorruptData(f"{file} is no backup: it is empty")


def _check_whole(file: Path) -> None:
    with contextlib.closing(_look_at(file)) as connection:
        try:
            problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise engine_error(error, "checking the backup") from error
    if problem != "ok":
        raise CorruptData(f"the backup is damaged: {problem}")


def _look_at(file: Path) -> sqlite3.Connection:
    """Return a connection that leaves no trace beside the file."""
    try:
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as problem:
        raise engine_error(problem, f"opening {file}") from problem
