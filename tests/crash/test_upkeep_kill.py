"""Killed while space is given back to the file system: nothing is lost, and the next run goes on."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import upkeep_child
from holdfast.engine.directory import DATABASE
from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.engine.records import Chunk
from holdfast.engine.verify import check_database
from patience import PATIENCE

SMALL = 1_100_000  # bytes; what stays takes half of that, and few free pages stay


def fill(directory: Path) -> None:
    """Make a directory with chunks in it."""

    def put_all(tx: Writer) -> None:
        for number in range(upkeep_child.CHUNKS):
            data = upkeep_child.data_of(number)
            tx.put(Chunk(body_id=b"x", number=number, data=data))

    with open_directory(directory) as opened:
        opened.engine.update(put_all)


def check(directory: Path) -> None:
    """Check that what was kept is there and nothing else, and that the space is given back."""
    kept = [number for number in range(upkeep_child.CHUNKS) if upkeep_child.kept(number)]
    with open_directory(directory) as opened:
        chunks = opened.engine.view(lambda tx: list(tx.scan(Chunk)))
        assert [one.number for one in chunks] == kept
        assert all(one.data == upkeep_child.data_of(one.number) for one in chunks)
        until = time.monotonic() + PATIENCE
        while (directory / DATABASE).stat().st_size > SMALL and time.monotonic() < until:
            time.sleep(0.02)
        assert (directory / DATABASE).stat().st_size <= SMALL
    assert list(check_database(directory)) == []


def test_the_upkeep_is_killed_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its statements, and in the middle of them."""
    monkeypatch.setattr("holdfast.engine.upkeep._IDLE_SECONDS", 0.01)
    data, copies = tmp_path / "data", tmp_path / "copies"
    fill(data)
    assert (data / DATABASE).stat().st_size > 17 * SMALL // 10
    copies.mkdir()
    command = (sys.executable, upkeep_child.__file__, str(data), str(copies))
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    count = int(ended.stdout)
    assert count > 20
    for number in range(count):
        check(copies / str(number))
