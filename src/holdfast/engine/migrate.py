"""The schema's numbered steps: `migrations/NNNN_name.sql`, each applied once, in one transaction."""

import sqlite3
from pathlib import Path

from holdfast.engine.connection import APPLICATION_ID
from holdfast.engine.port import CorruptData, EngineError
from holdfast.engine.transaction import engine_error

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerFormat(EngineError):
    """The data was written by a newer Holdfast, in a format that this one does not know."""


def steps(folder: Path = MIGRATIONS) -> tuple[Path, ...]:
    """Return the migrations in order; the number of the last one is the current version."""
    return tuple(sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")))


def version_of(connection: sqlite3.Connection, name: str, newest: int) -> int:
    """Return the version of a database's format; 0 if it is empty.

    Args:
        connection: to the database.
        name: what to call it in an error.
        newest: the highest version that is known.

    Raises:
        CorruptData: the database is not one of Holdfast's.
        NewerFormat: its version is above `newest`.
    """
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.Error as problem:
        raise engine_error(problem, f"reading {name}") from problem
    if application != APPLICATION_ID and (application or version or tables):
        raise CorruptData(f"{name} is an SQLite database, but not one of Holdfast's")
    if version > newest:
        raise NewerFormat(
            f"{name} has format {version}; this Holdfast knows formats up to {newest}. "
            "Start a newer Holdfast on it."
        )
    return version


def migrate(connection: sqlite3.Connection, name: str, folder: Path = MIGRATIONS) -> int:
    """Bring a database to the current format; return how many steps that took.

    Raises:
        CorruptData: the database is not one of Holdfast's.
        NewerFormat: it is of a newer format.
        EngineError: a step failed; the steps before it are kept.
    """
    known = steps(folder)
    version = version_of(connection, name, len(known))
    for number, step in enumerate(known[version:], start=version + 1):
        _apply(connection, number, step)
    return len(known) - version


def _apply(connection: sqlite3.Connection, number: int, step: Path) -> None:
    script = (
        "BEGIN IMMEDIATE;",
        step.read_text(encoding="utf-8"),
        f"PRAGMA application_id = {APPLICATION_ID};",
        f"PRAGMA user_version = {number};",
        "COMMIT;",
    )
    try:
        connection.executescript("\n".join(script))
    except sqlite3.Error as problem:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise engine_error(problem, f"migration {step.name}") from problem
