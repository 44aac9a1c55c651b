"""Where the root key comes from, and the check that it is the one that the data is under."""

import base64
import binascii
import os
import shlex
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from holdfast.engine.durable import write_private
from holdfast.engine.port import CorruptData, Engine, EngineError, Reader, Writer
from holdfast.engine.records import Setting
from holdfast.engine.vault import KEY_BYTES, Vault

CHECK = "root_key_check"
FINGERPRINT = "root_key_fingerprint"
_CHECK_TEXT = b"holdfast"
_COMMAND_SECONDS = 60.0


class UnusableRootKey(EngineError):
    """The source of the root key gives something that is no root key, or is not safe to use."""


class MissingRootKey(EngineError):
    """There is data, but not the root key that it is under."""


class WrongRootKey(EngineError):
    """The data is under another root key."""


class RootKeySource(Protocol):
    """Gives the root key."""

    def load(self) -> bytes | None:
        """Return the 32 bytes, or None if the source has none.

        Raises:
            UnusableRootKey: the source has something else.
        """

    def create(self, random: Callable[[int], bytes]) -> bytes:
        """Make a key where the source can, durably, and return it.

        Raises:
            MissingRootKey: only someone else can put a key there.
        """


def parse_root_key(text: str, origin: str) -> bytes:
    """Return the 32 bytes of a key written in base64 or hexadecimal, whitespace around it ignored.

    Raises:
        UnusableRootKey: it is neither, or of another length. The message never holds the text.
    """
    word = text.strip()
    try:
        key = bytes.fromhex(word) if len(word) == 2 * KEY_BYTES else _from_base64(word)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UnusableRootKey(
            f"{origin} does not hold a root key: {KEY_BYTES} bytes in base64 (44 characters) "
            f"or hexadecimal ({2 * KEY_BYTES} characters)"
        )
    return key


def _from_base64(word: str) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error:
        return b""


class KeyFile(msgspec.Struct, frozen=True):
    """A root key in a file that only its owner may read."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def load(self) -> bytes | None:
        """See `RootKeySource.load`."""
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o077:
                    raise UnusableRootKey(
                        f"{self.path} can be read by others than its owner (mode {mode:04o}); "
                        f"run: chmod 600 {shlex.quote(str(self.path))}"
                    )
                return parse_root_key(file.read(1024), str(self.path))
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise UnusableRootKey(f"cannot read {self.path}: {problem.strerror}") from problem

    def create(self, random: Callable[[int], bytes]) -> bytes:
        """See `RootKeySource.create`. The file is whole and on disk before this returns."""
        key = random(KEY_BYTES)
        try:
            write_private(self.path, base64.b64encode(key) + b"\n")
        except OSError as problem:
            raise UnusableRootKey(f"cannot write {self.path}: {problem.strerror}") from problem
        return key


class KeyText(msgspec.Struct, frozen=True):
    """A root key given as text, for example in an environment variable."""

    text: str
    origin: str  # for messages: the name of the variable

    def __str__(self) -> str:
        return self.origin

    def __repr__(self) -> str:
        return f"KeyText(..., {self.origin!r})"

    def load(self) -> bytes | None:
        """See `RootKeySource.load`."""
        return parse_root_key(self.text, self.origin) if self.text.strip() else None

    def create(self, random: Callable[[int], bytes]) -> bytes:
        """See `RootKeySource.create`: nothing can be put there."""
        raise MissingRootKey(f"{self.origin} is empty; it has to hold the root key")


class KeyCommand(msgspec.Struct, frozen=True):
    """A root key that a command prints, for example one that asks a secret store."""

    command: str  # split into words as a shell does; no shell runs

    def __str__(self) -> str:
        return f"the command {self.command!r}"

    def load(self) -> bytes | None:
        """See `RootKeySource.load`."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator configures this command
                shlex.split(self.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
            raise UnusableRootKey(f"{self} cannot run: {problem}") from problem
        if done.returncode:
            raise UnusableRootKey(f"{self} ended with exit status {done.returncode}")
        text = done.stdout.decode(errors="replace")
        return parse_root_key(text, f"the output of {self}") if text.strip() else None

    def create(self, random: Callable[[int], bytes]) -> bytes:
        """See `RootKeySource.create`: nothing can be put there."""
        raise MissingRootKey(f"{self} printed nothing; it has to print the root key")


def unlock(
    engine: Engine,
    directory: Path,
    source: RootKeySource,
    random: Callable[[int], bytes] | None = os.urandom,
) -> Vault:
    """Return the vault of a data directory, checked to be the one that its data is under.

    The first time, when there is no data, the source may make a key, and the check is kept.

    Args:
        engine: of the directory.
        directory: its path, for messages.
        source: gives the root key.
        random: for a new key; None when this directory must have data already.

    Raises:
        EngineError: there is no data, and `random` is None.
        CorruptData: the record that tells root keys apart was changed.
        MissingRootKey: there is data and no key.
        WrongRootKey: the data is under another key.
        UnusableRootKey: what the source gives is no key.
    """
    check, fingerprint = engine.view(_kept_check)
    if check is not None:
        return _opened(check, fingerprint, directory, source)
    if random is None:
        raise EngineError(f"{directory} has no data: no server was ever started on it")
    key = source.load()
    vault = Vault(source.create(random) if key is None else key)
    engine.update(lambda tx: _keep_check(tx, vault))
    return vault


def _opened(
    check: Setting, fingerprint: Setting | None, directory: Path, source: RootKeySource
) -> Vault:
    """Return the vault for which the check was kept."""
    expected = "unknown" if fingerprint is None else fingerprint.value.decode(errors="replace")
    under = f"the data in {directory} is under the root key with fingerprint {expected}"
    key = source.load()
    if key is None:
        raise MissingRootKey(
            f"{under}, but {source} has none. Put the key back there, or say where it is; "
            "without it the data cannot be read."
        )
    vault = Vault(key)
    if not _fits(vault, check):
        if vault.fingerprint() == expected:
            raise CorruptData(
                f"{under}, which is the one from {source}, but the record that proves it was changed"
            )
        raise WrongRootKey(
            f"{under}; the one from {source} has fingerprint {vault.fingerprint()}. "
            "Give the key that belongs to this directory."
        )
    return vault


def _kept_check(tx: Reader) -> tuple[Setting | None, Setting | None]:
    return tx.get(Setting, CHECK), tx.get(Setting, FINGERPRINT)


def _keep_check(tx: Writer, vault: Vault) -> None:
    tx.put(Setting(name=CHECK, value=vault.seal(_CHECK_TEXT, CHECK)))
    tx.put(Setting(name=FINGERPRINT, value=vault.fingerprint().encode()))


def _fits(vault: Vault, check: Setting) -> bool:
    try:
        return vault.unseal(check.value, CHECK) == _CHECK_TEXT
    except CorruptData:
        return False
