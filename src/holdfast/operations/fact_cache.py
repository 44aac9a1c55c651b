"""What was read of states, kept on disk by ETag, so that only changed states are read again.

It holds serials, counts and checksums, nothing of what is in a state. It may be deleted at any time;
processes that write it at the same time cost each other a few reads, and no more.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from holdfast.client.header_cache import directory

if TYPE_CHECKING:
    from holdfast.client.connect import Connection

_FORMAT = 1


class Facts(msgspec.Struct, frozen=True):
    """The header of one version of a state."""

    etag: str
    size: int  # bytes
    md5: str = ""  # hexadecimal, as in the digest item
    format: str = ""  # v4, v3, encrypted, empty
    terraform_version: str = ""
    serial: int = 0
    lineage: str = ""
    resources: int = 0
    outputs: int = 0
    unreadable: str = ""  # why it cannot be read
    other: bool = False  # it is no state, and does not claim to be one


class _File(msgspec.Struct):
    format: int
    facts: dict[str, Facts]


_DECODER = msgspec.msgpack.Decoder(_File)


class FactCache:
    """The facts of one bucket's states, by object key."""

    def __init__(self, path: Path | None) -> None:
        """Use a file; None keeps nothing."""
        self._path = path

    def load(self) -> dict[str, Facts]:
        """Return what is known; nothing if the file is missing, damaged or another's."""
        if self._path is None:
            return {}
        try:
            if self._path.stat().st_uid != os.getuid():
                return {}
            kept = _DECODER.decode(self._path.read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return {}
        return kept.facts if kept.format == _FORMAT else {}

    def save(self, facts: Mapping[str, Facts]) -> None:
        """Replace the file in one step. A cache that cannot be written is no failure."""
        if self._path is None:
            return
        content = msgspec.msgpack.encode(_File(_FORMAT, dict(facts)))
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".states-")  # 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise


def cache_of(connection: "Connection") -> FactCache:
    """Return the cache for a connection's bucket, in the user's cache directory."""
    try:
        root = directory()
    except RuntimeError:  # there is no home directory
        return FactCache(None)
    where = f"{connection.s3.meta.endpoint_url}\n{connection.settings.bucket}"
    name = hashlib.sha256(where.encode()).hexdigest()[:24]
    return FactCache(root / f"states-{name}")
