"""The structural check finds what is damaged, and bodies that nothing knows of."""

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.engine.records import Chunk, Garbage, Setting, Staged
from holdfast.engine.verify import check_database, stored_bodies, stray_bodies

AT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a sound data directory."""

    def work(tx: Writer) -> None:
        for number in range(3000):
            tx.put(Setting(name=f"{number:05}", value=os.urandom(30)))

    with open_directory(tmp_path / "data") as opened:
        opened.engine.update(work)
    return tmp_path / "data"


def test_a_sound_directory_has_no_problem(path: Path) -> None:
    """Also while a server runs on it; progress ends with every record."""
    told: list[tuple[int, int]] = []
    with open_directory(path):
        assert list(check_database(path, lambda *at: told.append(at))) == []
    assert told == sorted(told)
    assert told[-1] == (3002, 3002)


def test_every_bad_record_is_named(path: Path) -> None:
    """The check does not stop at the first."""
    with contextlib.closing(sqlite3.connect(path / "holdfast.db")) as database:
        database.execute("UPDATE setting SET record = X'00' WHERE name IN ('00007', '01234')")
        database.execute("INSERT INTO setting VALUES (CAST(X'FF' AS TEXT), X'00')")
        database.commit()
    problems = list(check_database(path))
    assert len(problems) == 4
    assert any("'00007'" in problem for problem in problems)
    assert any("'01234'" in problem for problem in problems)
    assert any("not text" in problem for problem in problems)


def test_a_damaged_page_is_found(path: Path) -> None:
    """SQLite's own check is part of it."""
    content = bytearray((path / "holdfast.db").read_bytes())
    content[-4096 * 8 : -4096 * 4] = os.urandom(4096 * 4)
    (path / "holdfast.db").write_bytes(content)
    assert list(check_database(path))


def test_stray_bodies_are_found(path: Path) -> None:
    """A body is linked, staged, garbage, or stray."""

    def work(tx: Writer) -> None:
        for body in (b"linked", b"staged", b"garbage", b"stray"):
            for number in range(3):
                tx.put(Chunk(body_id=body, number=number, data=b""))
        tx.put(Staged(body_id=b"staged", at=AT))
        tx.put(Garbage(at=1, id=b"garbage"))

    with open_directory(path) as opened:
        opened.engine.update(work)
        bodies = opened.engine.view(lambda tx: list(stored_bodies(tx)))
        strays = opened.engine.view(lambda tx: list(stray_bodies(tx, {b"linked"})))
    assert bodies == [b"garbage", b"linked", b"staged", b"stray"]
    assert strays == [b"stray"]
