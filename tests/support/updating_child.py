"""A process that updates a data directory from several threads until it is killed.

Run as `updating_child.py DIRECTORY ROUND THREADS`. Prints a line `thread number` after each update
that was acknowledged. Each update puts three records and drops one of the update before.
"""

import os
import sys
import threading
from functools import partial
from pathlib import Path

from holdfast.engine.open import open_directory
from holdfast.engine.port import Engine, Writer
from holdfast.engine.records import Chunk, Item, Setting


def body_of(number: int) -> bytes:
    """Return data of many lengths, from nothing to several pages of the database."""
    return bytes([number % 256]) * (number * 977 % 20_000)


def update(tx: Writer, run: str, number: int) -> None:
    """Put the records of one update."""
    tx.put(Setting(name=f"{run}/{number:06}", value=b""))
    tx.put(Item(table_id=run.encode(), hash=b"%06d" % number, data=b"", size=number))
    tx.put(Chunk(body_id=run.encode(), number=number, data=body_of(number)))
    tx.drop(Setting, f"{run}/{number - 1:06}")


def keep_updating(engine: Engine, run: str) -> None:
    """Update and tell, without end."""
    number = 0
    while True:
        engine.update(partial(update, run=run, number=number))
        os.write(1, f"{run} {number}\n".encode())  # one write of one line: never mixed
        number += 1


def main() -> None:
    """Start the threads."""
    directory, name, threads = sys.argv[1:]
    opened = open_directory(Path(directory))
    for number in range(int(threads)):
        run = f"{name}-{number}"
        threading.Thread(target=keep_updating, args=(opened.engine, run), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
