"""Replacing a file whole: a reader sees the old text or the new one, never a part."""

import os
import shutil
import tempfile
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write a file beside the old one and put it into its place, with the same mode and owner.

    A symbolic link stays one; what it points to is replaced.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, beside)
        _copy_owner(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _copy_owner(target: Path, beside: Path) -> None:
    wanted, present = target.stat(), beside.stat()
    if (wanted.st_uid, wanted.st_gid) != (present.st_uid, present.st_gid):
        os.chown(beside, wanted.st_uid, wanted.st_gid)
