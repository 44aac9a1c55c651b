"""A process that packs copies of a data directory, each time ended at the next step by SIGKILL.

Run as `packing_child.py DIRECTORY COPIES`. Copy 0 is killed before its first step, copy 1 before its
second, and so on; the last copy is packed to the end. A step is a view, an update, each record that an
update puts or drops, and the commit. Writes how many copies there are.
"""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from holdfast.engine.open import open_directory
from holdfast.engine.port import Reader, Writer
from holdfast.engine.record import Record
from holdfast.engine.sqlite import SqliteEngine
from holdfast.server.operation import Site
from holdfast.server.s3.older_versions import OlderVersions
from holdfast.server.s3.packer import pack_some
from killed_copies import kill_on_copies


class Steps:
    """Counts steps, and ends the process before the one that is given."""

    def __init__(self, last: int) -> None:
        self.left = last

    def __call__(self) -> None:
        """Take a step."""
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


class SteppingWriter:
    """A writer whose writes are steps."""

    def __init__(self, writer: Writer, step: Steps) -> None:
        self._step = step
        self._writer = writer
        self.get = writer.get
        self.scan = writer.scan
        self.last = writer.last

    def put(self, record: Record) -> None:
        """See `Writer.put`."""
        self._step()
        self._writer.put(record)

    def drop(self, kind: type[Record], *key: Any) -> None:
        """See `Writer.drop`."""
        self._step()
        self._writer.drop(kind, *key)


class SteppingEngine:
    """The part of an engine that the packer uses."""

    def __init__(self, engine: SqliteEngine, step: Steps) -> None:
        self._engine = engine
        self._step = step

    def view(self, work: Callable[[Reader], Any]) -> Any:
        """See `Engine.view`."""
        self._step()
        return self._engine.view(work)

    def update(self, work: Callable[[Writer], Any], *, durable: bool = True) -> Any:
        """See `Engine.update`; once before, and once within, when all is written but not committed."""
        self._step()

        def stepping(tx: Writer) -> Any:
            result = work(SteppingWriter(tx, self._step))
            self._step()
            return result

        return self._engine.update(stepping, durable=durable)


def pack(directory: Path, last: int) -> None:
    """Pack everything, or until the last step."""
    with open_directory(directory) as opened:
        engine: Any = SteppingEngine(opened.engine, Steps(last))
        site = Site("123456789012", "us-east-1", opened.vault, os.urandom)
        older = OlderVersions(engine, site, limit=8)
        while pack_some(engine, site, now := datetime.now(UTC)) or older(now):
            pass


if __name__ == "__main__":
    kill_on_copies(pack)
