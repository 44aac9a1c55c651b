"""Files that are whole, private, and still there after a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary_beside(path: Path) -> Path:
    """Return the name of a file to write before it is renamed to `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def create_private(path: Path) -> int:
    """Make a new, empty file of mode 0600, in place of one that may be there; return a descriptor."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, all or nothing, and durable on return.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    temporary = temporary_beside(path)
    try:
        with os.fdopen(create_private(temporary), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
