"""Opening a data directory: its lock, its engine, its root key."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from holdfast.engine.directory import DATABASE, ROOT_KEY, locked, make_directory
from holdfast.engine.durable import sync_folder
from holdfast.engine.port import EngineError
from holdfast.engine.root_key import KeyFile, RootKeySource, unlock
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.vault import Vault


class OpenDirectory(msgspec.Struct, frozen=True):
    """A data directory that is open. Close it, or use it as a context manager."""

    path: Path
    engine: SqliteEngine
    vault: Vault
    _held: contextlib.ExitStack

    def close(self) -> None:
        """Close the engine, then let go of the directory. Idempotent."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_directory(
    path: Path,
    key: RootKeySource | None = None,
    *,
    read_only: bool = False,
    random: Callable[[int], bytes] = os.urandom,
) -> OpenDirectory:
    """Open a data directory, made on first use, for this process alone.

    Args:
        path: the directory.
        key: where the root key comes from; by default the file `root.key` in the directory.
        read_only: change nothing and take no lock, so that a server may be running.
        random: for a new root key.

    Raises:
        DirectoryInUse: another process has it.
        NewerFormat: it is of a newer format.
        MissingRootKey: it has data but no root key.
        WrongRootKey: its data is under another root key.
        UnusableRootKey: the source gives something that is no root key.
        EngineError: it cannot be made, read or written.
    """
    source = key if key is not None else KeyFile(path / ROOT_KEY)
    with contextlib.ExitStack() as held:
        if not read_only:
            make_directory(path)
            held.enter_context(locked(path))
        elif not (path / DATABASE).exists():
            raise EngineError(f"{path} is not a data directory: it has no {DATABASE}")
        engine = SqliteEngine(path / DATABASE, read_only=read_only)
        held.callback(engine.close)
        if not read_only:
            sync_folder(path)  # the database's name, before anything in it is promised
        vault = unlock(engine, path, source, None if read_only else random)
        return OpenDirectory(path, engine, vault, held.pop_all())
