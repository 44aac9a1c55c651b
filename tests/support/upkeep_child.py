"""A process that gives space back in copies of a data directory, each time ended a little later.

Run as `upkeep_child.py DIRECTORY COPIES`. In each copy it drops every chunk but each fourth, and is
then ended by SIGKILL: copy 0 before the first statement of the upkeep, copy 1 some instructions of
SQLite's later, and so on; in the last copy all space is given back. Writes how many copies there are.
"""

import os
import signal
import time
from pathlib import Path

from holdfast.engine import upkeep
from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.engine.records import Chunk
from holdfast.engine.sqlite import SqliteEngine
from killed_copies import kill_on_copies

CHUNKS = 64
_INSTRUCTIONS = 40  # of SQLite's virtual machine, between two moments at which it is ended
_WITHIN = 60.0  # seconds


def kept(number: int) -> bool:
    """Tell whether a chunk stays."""
    return number % 4 == 3


def data_of(number: int) -> bytes:
    """Return what a chunk holds."""
    return bytes([number]) * 30_000


def give_back(directory: Path, last: int) -> None:
    """Drop most of what is there, and give the space back, or end at some moment of that."""
    with open_directory(directory) as opened:
        engine = opened.engine
        assert isinstance(engine, SqliteEngine)
        assert engine._commits is not None
        connection = engine._commits._connection
        left = last

        def moment(*_: object) -> int:
            nonlocal left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return 0

        def drop(tx: Writer) -> None:
            for number in range(CHUNKS):
                if not kept(number):
                    tx.drop(Chunk, b"x", number)

        engine.update(drop)
        connection.set_progress_handler(moment, _INSTRUCTIONS)
        connection.set_trace_callback(moment)
        engine._commits._upkeep._work.set()
        log, end = Path(engine._commits._upkeep.log), time.monotonic() + _WITHIN
        while log.stat().st_size and time.monotonic() < end:
            time.sleep(0.002)
        connection.set_progress_handler(None, 0)
        connection.set_trace_callback(None)


if __name__ == "__main__":
    upkeep._IDLE_SECONDS = 0.05  # it is idle at once
    kill_on_copies(give_back)
