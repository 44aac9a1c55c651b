"""A data directory's files, and the lock that gives it to one process."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from holdfast.engine.durable import sync_folder
from holdfast.engine.port import EngineError

DATABASE = "holdfast.db"
LOCK = "holdfast.lock"
ROOT_KEY = "root.key"
_UNFINISHED = re.compile(r"\.(holdfast\.db|root\.key|credentials|endpoint)\.\d+\.new(-journal)?")


class DirectoryInUse(EngineError):
    """Another process has this data directory."""


def make_directory(path: Path) -> None:
    """Make a directory of mode 0700 if there is none, and its name durable.

    Raises:
        EngineError: it cannot be made.
    """
    try:
        if path.is_dir():
            return
        path.mkdir(mode=0o700, parents=True)
        sync_folder(path.parent)
    except OSError as problem:
        raise EngineError(f"cannot make the directory {path}: {problem.strerror}") from problem


def _remove_unfinished(path: Path) -> None:
    """Remove what an earlier holder of the lock, killed, had begun to write."""
    for file in path.iterdir():
        if _UNFINISHED.fullmatch(file.name):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a directory for this process alone. The kernel lets go of it when the process ends.

    What an earlier holder left half written, because it was killed, is removed.

    Raises:
        DirectoryInUse: another process has it; the message names it.
        EngineError: the lock file cannot be opened.
    """
    try:
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise EngineError(f"cannot open {path / LOCK}: {problem.strerror}") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            raise DirectoryInUse(
                f"the data directory {path} is in use by the process {holder or 'of unknown number'}"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        _remove_unfinished(path)
        yield
    finally:
        # The file stays: removing it would let two processes lock two files of one name.
        os.close(descriptor)
