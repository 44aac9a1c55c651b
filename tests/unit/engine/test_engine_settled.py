"""Settled records are read from the database once, and by who shares it every time."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.engine import settled
from holdfast.engine.access_records import User
from holdfast.engine.port import Reader
from holdfast.engine.sqlite import SqliteEngine


def user(name: str, user_id: str) -> User:
    """Return a user."""
    return User(name=name, user_id=user_id, created=datetime(2026, 1, 1, tzinfo=UTC))


def id_of(tx: Reader, name: str = "ann") -> str:
    """Return the id of a user that is there."""
    found = tx.get(User, name)
    assert found is not None
    return found.user_id


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Return an engine with one user."""
    made = SqliteEngine(tmp_path / "x.db")
    made.update(lambda tx: tx.put(user("ann", "1")))
    yield made
    made.close()


def test_it_is_decoded_once(engine: SqliteEngine) -> None:
    """The same value is handed out again, also to updates."""
    first = engine.view(lambda tx: tx.get(User, "ann"))
    assert engine.view(lambda tx: tx.get(User, "ann")) is first
    assert engine.update(lambda tx: tx.get(User, "ann")) is first


def test_an_engine_that_only_reads_keeps_nothing(engine: SqliteEngine, tmp_path: Path) -> None:
    """Another process writes, and nobody tells it."""
    other = SqliteEngine(tmp_path / "x.db", read_only=True)
    assert other.view(id_of) == "1"
    engine.update(lambda tx: tx.put(user("ann", "2")))
    assert other.view(id_of) == "2"
    other.close()


def test_only_so_many_are_kept(engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond, it begins anew."""
    monkeypatch.setattr(settled, "_MOST", 3)
    for number in range(9):
        one = user(str(number), str(number))
        engine.update(lambda tx, one=one: tx.put(one))  # type: ignore[misc]
    for number in range(9):
        assert engine.view(lambda tx, name=str(number): id_of(tx, name)) == str(number)  # type: ignore[misc]
    assert len(engine._settled.kept or {}) <= 3


def test_a_failed_commit_leaves_what_was_there(engine: SqliteEngine, tmp_path: Path) -> None:
    """What the database says counts, whatever was about to be written."""
    assert engine.view(id_of) == "1"
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute(
        "CREATE TRIGGER no BEFORE INSERT ON user BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    connection.close()
    with pytest.raises(Exception, match="no"):
        engine.update(lambda tx: tx.put(user("ann", "2")))
    assert engine.view(id_of) == "1"
