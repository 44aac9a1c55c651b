"""Staged chunks are committed without a sync; the commit that links them is synced, and covers them."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.engine.bodies import BodyWriter, link, read
from holdfast.engine.port import Writer
from holdfast.engine.records import Setting
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.writer import Commits

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
NORMAL, FULL = 1, 2  # https://sqlite.org/pragma.html#pragma_synchronous


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Return an engine on an empty database."""
    made = SqliteEngine(tmp_path / "x.db")
    yield made
    made.close()


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the level of synchronisation of each commit."""
    found: list[int] = []
    commit = Commits._commit

    def noting(commits: Commits, tickets: list[object]) -> None:
        commit(commits, tickets)  # type: ignore[arg-type]  # passed on as they came
        # The text differs each time, or the cache of statements would give the answer of before.
        statement = f"PRAGMA synchronous /* {len(found)} */"
        found.append(commits._connection.execute(statement).fetchone()[0])

    monkeypatch.setattr(Commits, "_commit", noting)
    return found


def put(tx: Writer) -> None:
    """Put a record."""
    tx.put(Setting(name="x", value=b""))


def test_only_updates_that_need_not_be_durable_are_not_synced(
    engine: SqliteEngine, levels: list[int]
) -> None:
    """Each commit is at the level of its own updates, however often that changes."""
    wanted = [True, False, False, True, False, True, True]
    for durable in wanted:
        engine.update(put, durable=durable)
    assert levels == [FULL if durable else NORMAL for durable in wanted]


def test_an_update_that_raises_leaves_the_next_one_synced(
    engine: SqliteEngine, levels: list[int]
) -> None:
    """The level is chosen before each commit, not put back after it."""

    def fail(tx: Writer) -> None:
        put(tx)
        raise LookupError

    with pytest.raises(LookupError):
        engine.update(fail, durable=False)
    engine.update(put)
    assert levels == [NORMAL, FULL]


def test_what_shares_a_commit_with_a_durable_update_is_durable(
    engine: SqliteEngine, levels: list[int]
) -> None:
    """One of them is enough."""
    assert engine.ask_turn(lambda: None)
    engine.update_all([put, put])
    assert levels == [FULL]


def test_chunks_are_staged_unsynced_and_linked_synced(
    engine: SqliteEngine, levels: list[int]
) -> None:
    """The last commit of a body is the only one that waits for the disk."""
    writer = BodyWriter(engine, NOW, chunk_bytes=8)
    writer.write(bytes(20))
    new = writer.finish()
    engine.update(lambda tx: link(tx, new))
    assert levels == [NORMAL, NORMAL, NORMAL, FULL]


@pytest.mark.parametrize("lost", range(0, 60_000, 4_000))
def test_a_log_that_was_cut_has_a_body_whole_or_not_at_all(tmp_path: Path, lost: int) -> None:
    """Whatever end of the log a power cut takes, no record names a body that is not all there."""
    engine = SqliteEngine(tmp_path / "x.db")
    writer = BodyWriter(engine, NOW, chunk_bytes=8192)
    writer.write(bytes(30_000))
    new = writer.finish()

    def work(tx: Writer) -> None:
        link(tx, new)
        tx.put(Setting(name="linked", value=b""))

    engine.update(work)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("x.db", "x.db-wal"):
        shutil.copy(tmp_path / name, copy / name)
    engine.close()
    with (copy / "x.db-wal").open("r+b") as log:
        log.truncate(max(0, (copy / "x.db-wal").stat().st_size - lost))

    again = SqliteEngine(copy / "x.db")
    if again.view(lambda tx: tx.get(Setting, "linked")) is not None:
        assert b"".join(read(again.view, new.body, 0, 30_000)) == bytes(30_000)
    else:
        assert lost > 0
    again.close()
