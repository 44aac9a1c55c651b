"""Backups: taken while others write, refused where they would overwrite, checked when put back."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from holdfast.engine.backup import backup, restore_backup
from holdfast.engine.migrate import NewerFormat
from holdfast.engine.open import OpenDirectory, open_directory
from holdfast.engine.port import CorruptData, EngineError, Reader, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Setting
from holdfast.engine.root_key import MissingRootKey


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a data directory with a little of everything, that nobody uses."""
    with open_directory(tmp_path / "source") as opened:
        opened.engine.update(lambda tx: tx.put(Setting(name="a", value=b"1")))
        data = os.urandom(1 << 20)
        for number in range(8):
            put_chunk(opened, number, data)
    return tmp_path / "source"


def put_chunk(opened: OpenDirectory, number: int, data: bytes) -> None:
    """Put one chunk."""
    opened.engine.update(lambda tx: tx.put(Chunk(body_id=b"b", number=number, data=data)))


def everything(tx: Reader) -> list[Record]:
    """Return all that `source` has."""
    return [*tx.scan(Setting), *tx.scan(Chunk)]


def moved(source: Path, target: Path, tmp_path: Path) -> None:
    """Back up, restore, and put the root key beside it."""
    backup(source, tmp_path / "copy")
    restore_backup(tmp_path / "copy", target)
    (target / "root.key").write_bytes((source / "root.key").read_bytes())
    (target / "root.key").chmod(0o600)


def test_a_restored_backup_has_everything(source: Path, tmp_path: Path) -> None:
    """Records and vault are the same."""
    moved(source, tmp_path / "target", tmp_path)
    with open_directory(source) as old, open_directory(tmp_path / "target") as new:
        assert old.engine.view(everything) == new.engine.view(everything)
        assert old.vault.fingerprint() == new.vault.fingerprint()


def test_the_root_key_is_not_in_it(source: Path, tmp_path: Path) -> None:
    """Without the key the restored directory does not open."""
    backup(source, tmp_path / "copy")
    assert (source / "root.key").read_bytes().strip() not in (tmp_path / "copy").read_bytes()
    restore_backup(tmp_path / "copy", tmp_path / "target")
    with pytest.raises(MissingRootKey):
        open_directory(tmp_path / "target")


def test_a_backup_is_one_moment_while_others_write(source: Path, tmp_path: Path) -> None:
    """Two records that are written together are equal in the copy; the writer is not held up."""
    stop = threading.Event()

    def write(opened: OpenDirectory) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            value = b"%d" % number

            def work(tx: Writer, value: bytes = value) -> None:
                tx.put(Setting(name="left", value=value))
                tx.put(Setting(name="right", value=value))

            opened.engine.update(work)

    with open_directory(source) as opened:
        thread = threading.Thread(target=write, args=(opened,))
        thread.start()
        try:
            moved(source, tmp_path / "target", tmp_path)
        finally:
            stop.set()
            thread.join()
    with open_directory(tmp_path / "target") as new:
        left = new.engine.view(lambda tx: tx.get(Setting, "left"))
        right = new.engine.view(lambda tx: tx.get(Setting, "right"))
    assert (left and left.value) == (right and right.value)


def test_progress_goes_up_to_the_whole(source: Path, tmp_path: Path) -> None:
    """Both directions tell bytes, and end with all of them."""
    told: list[tuple[int, int]] = []
    backup(source, tmp_path / "copy", lambda done, total: told.append((done, total)))
    size = (tmp_path / "copy").stat().st_size
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == (size, size)
    told.clear()
    restore_backup(
        tmp_path / "copy", tmp_path / "new", lambda done, total: told.append((done, total))
    )
    assert told[-1] == (size, size)


def test_a_backup_is_private_and_one_file(source: Path, tmp_path: Path) -> None:
    """Nothing is left beside it."""
    backup(source, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"source", "copy"}


def test_a_backup_overwrites_nothing(source: Path, tmp_path: Path) -> None:
    """The file that is there stays as it is."""
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(EngineError, match="exists already"):
        backup(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing(source: Path, tmp_path: Path) -> None:
    """An interruption in the middle takes the half file away."""

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(source, tmp_path / "copy", interrupt)
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    """A directory without a database is none of ours."""
    with pytest.raises(EngineError, match="not a data directory"):
        backup(tmp_path, tmp_path / "copy")


def test_a_backup_into_a_folder_that_is_not_there_is_refused(source: Path, tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(EngineError, match="absent"):
        backup(source, tmp_path / "absent" / "copy")


def test_restoring_needs_an_empty_directory(source: Path, tmp_path: Path) -> None:
    """Data, or anything else that is there, is never replaced."""
    backup(source, tmp_path / "copy")
    with pytest.raises(EngineError, match="exists already"):
        restore_backup(tmp_path / "copy", source)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thing").write_text("")
    with pytest.raises(EngineError, match=r"not empty \(it has thing\)"):
        restore_backup(tmp_path / "copy", tmp_path / "other")
    assert not (tmp_path / "other" / "holdfast.db").exists()


def test_a_root_key_may_be_there_before(source: Path, tmp_path: Path) -> None:
    """Keys first, data second, is an order that works."""
    backup(source, tmp_path / "copy")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "root.key").write_bytes((source / "root.key").read_bytes())
    (tmp_path / "target" / "root.key").chmod(0o600)
    restore_backup(tmp_path / "copy", tmp_path / "target")
    open_directory(tmp_path / "target").close()


def test_something_else_is_not_restored(tmp_path: Path) -> None:
    """Another program's database, text, an empty file and no file are refused."""
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello" * 1000)
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    for name in ("empty", "text", "other"):
        with pytest.raises(CorruptData):
            restore_backup(tmp_path / name, tmp_path / "target")
    with pytest.raises(EngineError, match="no file"):
        restore_backup(tmp_path / "absent", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_newer_backup_is_not_restored(source: Path, tmp_path: Path) -> None:
    """Its format is told."""
    backup(source, tmp_path / "copy")
    newer = sqlite3.connect(tmp_path / "copy")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(NewerFormat, match="99"):
        restore_backup(tmp_path / "copy", tmp_path / "target")


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_damaged_backup_is_not_restored(source: Path, tmp_path: Path, damage: str) -> None:
    """No database is left in the directory."""
    backup(source, tmp_path / "copy")
    content = bytearray((tmp_path / "copy").read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096 * 2 : 4096 * 30] = os.urandom(4096 * 28)
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(CorruptData, match=r"damaged|malformed"):
        restore_backup(tmp_path / "copy", tmp_path / "target")
    assert not list((tmp_path / "target").glob("*.db*"))
