"""The schema's steps, and the schema that they arrive at."""

import contextlib
import sqlite3
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.engine.connection import connect
from holdfast.engine.kinds import KINDS
from holdfast.engine.migrate import MIGRATIONS, NewerFormat, migrate, steps
from holdfast.engine.port import CorruptData, EngineError
from holdfast.engine.record import Record
from holdfast.engine.sql import rows_of

SQL_TYPES = {str: "TEXT", int: "INTEGER", bytes: "BLOB"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection to an empty database."""
    (tmp_path / "new.db").touch()
    with contextlib.closing(connect(tmp_path / "new.db", cache_kib=64)) as connection:
        yield connection


def version(database: sqlite3.Connection) -> int:
    """Return the format's number that the database tells."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_migrations_are_numbered_without_gaps() -> None:
    """The number in a file's name is the format it leads to."""
    numbers = [int(step.name[:4]) for step in steps()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(list(MIGRATIONS.iterdir())) == len(numbers)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_kind_has_its_table(database: sqlite3.Connection, kind: type[Record]) -> None:
    """Its columns are the key fields in order, of the right type, and `record`."""
    migrate(database, "new.db")
    hints = typing.get_type_hints(kind)
    columns = [
        (name, affinity, bool(required))
        for _, name, affinity, required, *_ in database.execute(f'PRAGMA table_info("{kind.kind}")')
    ]
    keys = [(name, SQL_TYPES[hints[name]], True) for name in kind.key_fields]
    assert columns == [*keys, ("record", "BLOB", True)]


def test_there_is_no_other_table(database: sqlite3.Connection) -> None:
    """Nothing is left that no kind uses."""
    migrate(database, "new.db")
    found = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    assert {name for (name,) in found} == {kind.kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_scans_and_gets_only_use_the_key(database: sqlite3.Connection, kind: type[Record]) -> None:
    """No scan sorts or walks a whole table, whatever its prefix and bound."""
    migrate(database, "new.db")
    rows, width = rows_of(kind), len(kind.key_fields)
    for prefix in range(width + 1):
        for bound in range(width + 1 - prefix):
            for comparison, reverse in ((">", False), (">=", False), ("<", True), ("<=", True)):
                statement = rows.scan(prefix, bound, comparison, reverse=reverse)
                values = [None] * (prefix + bound + 1)
                plan = database.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
                (detail,) = [row[3] for row in plan]  # one step: no sorting
                assert detail.startswith("SEARCH" if prefix + bound else "SCAN")


def test_migrating_twice_does_nothing(database: sqlite3.Connection) -> None:
    """The second time finds the current format."""
    assert migrate(database, "new.db") == len(steps())
    assert migrate(database, "new.db") == 0
    assert version(database) == len(steps())


def test_an_old_format_is_brought_forward(database: sqlite3.Connection, tmp_path: Path) -> None:
    """Only the steps that are missing run, and data stays."""
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x); INSERT INTO a VALUES (1);")
    assert migrate(database, "new.db", folder) == 1
    (folder / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN y DEFAULT 'new';")
    (folder / "0003_third.sql").write_text("INSERT INTO a VALUES (2, 'third');")
    assert migrate(database, "new.db", folder) == 2
    assert database.execute("SELECT * FROM a").fetchall() == [(1, "new"), (2, "third")]
    assert version(database) == 3


def test_a_step_that_fails_leaves_the_format_before_it(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    """Half of a step is never kept."""
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE a (x);")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE b (x); INSERT INTO absent VALUES (1);")
    with pytest.raises(EngineError, match="0002_bad"):
        migrate(database, "new.db", tmp_path)
    assert version(database) == 1
    assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",)]


def test_a_newer_format_is_refused(database: sqlite3.Connection) -> None:
    """The message tells both numbers."""
    migrate(database, "new.db")
    database.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerFormat, match=rf"format 99.* up to {len(steps())}"):
        migrate(database, "new.db")


def test_a_database_of_something_else_is_refused(database: sqlite3.Connection) -> None:
    """Another program's tables are left alone."""
    database.execute("CREATE TABLE theirs (x)")
    with pytest.raises(CorruptData, match="not one of Holdfast's"):
        migrate(database, "new.db")
    assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
