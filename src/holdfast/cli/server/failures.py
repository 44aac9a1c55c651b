"""What the engine's errors mean to the person at the command line: next step and exit code."""

import contextlib
import errno
import shlex
from collections.abc import Iterator
from pathlib import Path

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.cli.server import credentials, endpoint
from holdfast.engine.directory import DATABASE, LOCK, ROOT_KEY, DirectoryInUse
from holdfast.engine.migrate import NewerFormat
from holdfast.engine.port import CorruptData, EngineError
from holdfast.engine.root_key import MissingRootKey, UnusableRootKey, WrongRootKey

_NOT_PERMITTED = "It must belong to the user who runs holdfast; is this the right user?"

# What may be in a directory before its database: a key put there for a restore, an interrupted first
# start, the root of a file system.
_BEFORE_DATA = frozenset({ROOT_KEY, LOCK, credentials.NAME, endpoint.NAME, "lost+found"})

# The first class that fits counts. The engine's own sentence often says the next step already.
_MEANINGS: tuple[tuple[type[EngineError], ExitCode, str], ...] = (
    (
        DirectoryInUse,
        ExitCode.IN_USE,
        "Stop that server first, or name another directory with --data DIR.",
    ),
    (MissingRootKey, ExitCode.WRONG_KEY, "--root-key SOURCE says where it is."),
    (WrongRootKey, ExitCode.WRONG_KEY, "--root-key SOURCE says where it is."),
    (UnusableRootKey, ExitCode.WRONG_KEY, "--root-key SOURCE names another one."),
    (NewerFormat, ExitCode.NEWER_FORMAT, ""),
    (
        CorruptData,
        ExitCode.CORRUPT,
        "See what is affected with: holdfast check --data {data}",
    ),
    (EngineError, ExitCode.FAILED, ""),
)


def explained(error: EngineError, data: Path) -> CommandFailed:
    """Return an engine's error as the end of a command.

    Args:
        error: what the engine raised.
        data: the data directory, for the commands in the advice.
    """
    code, advice = next(
        (code, advice) for kind, code, advice in _MEANINGS if isinstance(error, kind)
    )
    if isinstance(error.__cause__, PermissionError):
        advice = _NOT_PERMITTED
    if code is ExitCode.CORRUPT and not (data / DATABASE).exists():
        advice = ""  # it is not the data directory that is damaged
    return CommandFailed(str(error).rstrip("."), advice.format(data=shlex.quote(str(data))), code)


def require_data(data: Path) -> None:
    """Refuse a directory that holds no data.

    Raises:
        CommandFailed: it has no database, or is another user's.
    """
    with explaining(data):
        there = (data / DATABASE).exists()
    if not there:
        raise CommandFailed(
            f"there is no data in {data}",
            "Name the data directory with --data DIR.",
            ExitCode.NO_DATA,
        )


def refuse_lost_database(data: Path) -> None:
    """Refuse a directory that a server was ready on before, but whose database is gone or empty.

    A server would begin anew on it, and terraform would find no state and make everything again.

    Raises:
        CommandFailed: that is so.
    """
    database = data / DATABASE
    if (data / endpoint.NAME).exists() and not (database.exists() and database.stat().st_size):
        raise CommandFailed(
            f"{data} was in use before, but its database {DATABASE} is gone or empty",
            f"Put it back, or restore a backup: holdfast restore-backup FILE --data NEW-DIR. To "
            f"begin anew, remove {shlex.quote(str(data / endpoint.NAME))}.",
            ExitCode.CORRUPT,
        )


def refuse_foreign_directory(data: Path) -> None:
    """Refuse to begin on a directory that holds other things, such as a mistyped `/srv`.

    Raises:
        CommandFailed: it has no database, but files that are not ours; or it is a file.
    """
    if data.exists() and not data.is_dir():
        raise CommandFailed(
            f"{data} is a file, not a directory", "Name a directory with --data DIR."
        )
    if not data.exists() or (data / DATABASE).exists():
        return
    foreign = sorted(
        entry.name
        for entry in data.iterdir()
        if entry.name not in _BEFORE_DATA and not entry.name.startswith(".")
    )
    if foreign:
        raise CommandFailed(
            f"{data} is no data directory, and not empty: it holds {foreign[0]}",
            "Name a new or empty directory with --data DIR.",
            ExitCode.REFUSED,
        )


@contextlib.contextmanager
def explaining(data: Path) -> Iterator[None]:
    """Turn what the engine raises inside into the end of the command.

    Raises:
        CommandFailed: instead of an `EngineError` or an `OSError`.
    """
    try:
        yield
    except EngineError as error:
        raise explained(error, data) from error
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise CommandFailed(
            f"cannot use{where or ' ' + str(data)}: {why}",
            _NOT_PERMITTED if isinstance(error, PermissionError) else "",
        ) from error
