"""Killed at any moment, a data directory keeps all that was acknowledged, and nothing by halves.

HOLDFAST_KILL_ROUNDS sets how often it is killed.
"""

import os
import random
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import updating_child
from holdfast.engine.open import open_directory
from holdfast.engine.port import Reader
from holdfast.engine.records import Chunk, Item, Setting
from holdfast.engine.verify import check_database

ROUNDS = int(os.environ.get("HOLDFAST_KILL_ROUNDS", "8"))
THREADS = 6


def killed_after(directory: Path, name: str, seconds: float) -> dict[str, int]:
    """Let a child update, kill it, and return the last acknowledged number of each thread."""
    command = (sys.executable, updating_child.__file__, str(directory), name, str(THREADS))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        lines = [first, *child.stdout]
        timer.join()
    assert child.returncode < 0
    acknowledged: dict[str, int] = {}
    for line in lines:
        if line.endswith(b"\n"):
            run, number = line.decode().split()
            acknowledged[run] = int(number)
    return acknowledged


def check_run(tx: Reader, run: str, acknowledged: int) -> None:
    """Check that a thread's updates are there up to the last acknowledged one or the next, whole."""
    sizes = [item.size for item in tx.scan(Item, run.encode())]
    assert sizes == list(range(len(sizes)))
    assert acknowledged + 1 <= len(sizes) <= acknowledged + 2
    # Of the settings each update drops the one before, so exactly the last one is left.
    names = [s.name for s in tx.scan(Setting, start=(f"{run}/",)) if s.name.startswith(f"{run}/")]
    assert names == ([f"{run}/{len(sizes) - 1:06}"] if sizes else [])
    count = 0
    for chunk in tx.scan(Chunk, run.encode()):
        assert (chunk.number, chunk.data) == (count, updating_child.body_of(count))
        count += 1
    assert count == len(sizes)


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    """Kill after kill on one directory, each followed by a look at everything so far."""
    chance = random.Random(ROUNDS)
    acknowledged: dict[str, int] = {}
    for number in range(ROUNDS):
        name = f"round{number}"
        acknowledged |= {f"{name}-{thread}": -1 for thread in range(THREADS)}
        acknowledged |= killed_after(tmp_path, name, chance.uniform(0.0, 0.4))
        with open_directory(tmp_path) as opened:
            for run, last in acknowledged.items():
                if run.startswith(name) or number == ROUNDS - 1:
                    opened.engine.view(partial(check_run, run=run, acknowledged=last))
    assert list(check_database(tmp_path)) == []


def test_a_directory_killed_while_it_is_made_opens(tmp_path: Path) -> None:
    """The first start can die between any two of its steps."""
    script = (
        "import sys, pathlib; from holdfast.engine.open import open_directory; print(flush=True);"
        "open_directory(pathlib.Path(sys.argv[1]))"
    )
    chance = random.Random(ROUNDS)
    for number in range(ROUNDS):
        directory = tmp_path / f"data{number}"
        command = (sys.executable, "-c", script, str(directory))
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            timer = threading.Timer(chance.uniform(0.0, 0.03), child.kill)
            timer.start()
            timer.join()
        with open_directory(directory) as first:
            fingerprint = first.vault.fingerprint()
        with open_directory(directory) as again:
            assert again.vault.fingerprint() == fingerprint
        assert list(check_database(directory)) == []
