"""Opening a data directory: its lock, its files, its root key."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.engine.directory import DirectoryInUse
from holdfast.engine.durable import write_private
from holdfast.engine.open import open_directory
from holdfast.engine.port import EngineClosed, EngineError
from holdfast.engine.records import Setting
from holdfast.engine.root_key import (
    KeyCommand,
    KeyFile,
    KeyText,
    MissingRootKey,
    UnusableRootKey,
    WrongRootKey,
    parse_root_key,
)
from holdfast.engine.vault import Vault

KEY = bytes(range(32))
OTHER = bytes(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a data directory that does not exist yet."""
    return tmp_path / "deep" / "data"


def test_the_first_start_makes_private_files(path: Path) -> None:
    """The directory is 0700 and every file in it 0600."""
    with open_directory(path):
        assert path.stat().st_mode & 0o777 == 0o700
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.iterdir()}
    names = ("holdfast.db", "holdfast.db-shm", "holdfast.db-wal", "holdfast.lock", "root.key")
    assert modes == dict.fromkeys(names, 0o600)


def test_the_second_start_has_the_same_vault_and_data(path: Path) -> None:
    """What the first one sealed, the second one opens."""
    with open_directory(path) as first:
        sealed = first.vault.seal(b"secret", "x")
        first.engine.update(lambda tx: tx.put(Setting(name="a", value=sealed)))
    with open_directory(path) as second:
        kept = second.engine.view(lambda tx: tx.get(Setting, "a"))
        assert kept is not None
        assert second.vault.unseal(kept.value, "x") == b"secret"


def test_a_directory_in_use_is_refused(path: Path) -> None:
    """The message names the directory and the process; afterwards it is free."""
    with open_directory(path), pytest.raises(DirectoryInUse) as refused:
        open_directory(path)
    assert str(path) in str(refused.value)
    assert str(os.getpid()) in str(refused.value)
    open_directory(path).close()


def test_a_directory_in_use_by_another_process_is_refused(path: Path) -> None:
    """The lock holds between processes, and a killed one lets go of it."""
    script = (
        "import sys, pathlib; from holdfast.engine.open import open_directory;"
        "d = open_directory(pathlib.Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(DirectoryInUse, match=f"process {other.pid}"):
            open_directory(path)
        other.kill()
    open_directory(path).close()


def test_a_failed_start_lets_go_of_the_directory(path: Path) -> None:
    """After a wrong key the right one is accepted, in the same process."""
    open_directory(path, KeyText(KEY.hex(), "KEY")).close()
    with pytest.raises(WrongRootKey):
        open_directory(path, KeyText(OTHER.hex(), "KEY"))
    open_directory(path, KeyText(KEY.hex(), "KEY")).close()


def test_closing_twice_is_no_error(path: Path) -> None:
    """And the engine is closed."""
    opened = open_directory(path)
    opened.close()
    opened.close()
    with pytest.raises(EngineClosed):
        opened.engine.view(lambda _: None)


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="file"):
        open_directory(tmp_path / "file")


def test_reading_needs_no_lock(path: Path) -> None:
    """A check can look while a server runs."""
    with open_directory(path), open_directory(path, read_only=True) as looking:
        assert looking.engine.view(lambda tx: tx.get(Setting, "root_key_check")) is not None


def test_reading_makes_nothing(tmp_path: Path) -> None:
    """Neither a directory nor a key."""
    with pytest.raises(EngineError, match="not a data directory"):
        open_directory(tmp_path / "absent", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_key_for_existing_data_is_refused(path: Path) -> None:
    """No new key is made; the message tells the directory, the fingerprint and the file."""
    with open_directory(path) as opened:
        fingerprint = opened.vault.fingerprint()
    (path / "root.key").unlink()
    with pytest.raises(MissingRootKey) as refused:
        open_directory(path)
    for word in (str(path), fingerprint, "root.key"):
        assert word in str(refused.value)
    assert not (path / "root.key").exists()


def test_a_wrong_key_is_refused(path: Path) -> None:
    """The message tells both fingerprints and holds neither key."""
    open_directory(path, KeyText(KEY.hex(), "KEY")).close()
    with pytest.raises(WrongRootKey) as refused:
        open_directory(path, KeyText(OTHER.hex(), "KEY"))
    message = str(refused.value)
    for word in (str(path), Vault(KEY).fingerprint(), Vault(OTHER).fingerprint(), "KEY"):
        assert word in message
    assert KEY.hex() not in message
    assert OTHER.hex() not in message


def test_a_key_that_was_there_first_is_used(path: Path) -> None:
    """As after a crash between making the key and the first data."""
    path.mkdir(parents=True)
    write_private(path / "root.key", base64.b64encode(KEY))
    with open_directory(path) as opened:
        assert opened.vault.fingerprint() == Vault(KEY).fingerprint()


def test_a_directory_with_an_unfinished_first_start_can_be_opened(path: Path) -> None:
    """An empty database, as after a crash before the first commit, counts as no data."""
    path.mkdir(parents=True)
    (path / "holdfast.db").touch(0o600)
    (path / ".root.key.123.new").write_text("half")
    open_directory(path).close()
    open_directory(path).close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    """The message says how to repair it."""
    open_directory(path).close()
    (path / "root.key").chmod(mode)
    with pytest.raises(UnusableRootKey, match="chmod 600"):
        open_directory(path)


def test_a_damaged_key_file_is_refused(path: Path) -> None:
    """It is not taken for another key, and not replaced."""
    open_directory(path).close()
    (path / "root.key").write_text("oops\n")
    with pytest.raises(UnusableRootKey, match=r"root\.key"):
        open_directory(path)
    assert (path / "root.key").read_text() == "oops\n"


@pytest.mark.parametrize(
    "text", [KEY.hex(), KEY.hex().upper(), base64.b64encode(KEY).decode(), f"\n {KEY.hex()}\r\n"]
)
def test_a_key_is_hexadecimal_or_base64(text: str) -> None:
    """Whitespace around it does not matter."""
    assert parse_root_key(text, "here") == KEY


@pytest.mark.parametrize("text", ["", "0" * 63, "g" * 64, "é" * 44, "A" * 43 + "=" * 5])
def test_other_text_is_no_key(text: str) -> None:
    """The message names the origin, never the text."""
    with pytest.raises(UnusableRootKey, match=r"^here does not hold") as refused:
        parse_root_key(text, "here")
    assert not text or text not in str(refused.value)


def test_a_key_can_come_from_a_command(path: Path) -> None:
    """What it prints is the key; no key file is made."""
    command = KeyCommand(f"{sys.executable} -c 'print(\"{KEY.hex()}\")'")
    with open_directory(path, command) as opened:
        assert opened.vault.fingerprint() == Vault(KEY).fingerprint()
    assert not (path / "root.key").exists()


@pytest.mark.parametrize("command", ["false", "/does/not/exist", "'", "echo nonsense"])
def test_a_command_that_gives_no_key_is_refused(path: Path, command: str) -> None:
    """The message names the command."""
    with pytest.raises(UnusableRootKey, match="command"):
        open_directory(path, KeyCommand(command))


@pytest.mark.parametrize("source", [KeyCommand("true"), KeyText("", "HOLDFAST_ROOT_KEY")])
def test_only_a_file_is_made(path: Path, source: KeyCommand | KeyText) -> None:
    """Nobody but the operator can put a key into a variable or a secret store."""
    with pytest.raises(MissingRootKey):
        open_directory(path, source)


def test_a_key_source_does_not_show_its_key() -> None:
    """Neither as text nor in a traceback."""
    source = KeyText(KEY.hex(), "HOLDFAST_ROOT_KEY")
    assert KEY.hex() not in f"{source} {source!r}"


def test_a_key_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(UnusableRootKey, match=r"root\.key"):
        KeyFile(tmp_path / "absent" / "root.key").create(os.urandom)
    assert list(tmp_path.iterdir()) == []
