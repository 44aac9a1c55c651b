"""Packing is not synced by itself: a power cut may take the last of it back, and nothing is lost."""

import shutil
from pathlib import Path

import pytest

from damaged_data import opened
from holdfast.engine.directory import DATABASE
from holdfast.engine.records import Packed, ToPack
from in_process import Aws
from packed_states import got, make_bucket, pack_all, problems, put, records, state

KEY = "prod/terraform.tfstate"
LOG = f"{DATABASE}-wal"
FRAME = 24 + 4096  # bytes: https://sqlite.org/fileformat2.html#walformat
COUNT = 4
STEP = 5  # frames that are lost more each time


@pytest.fixture(autouse=True)
def kept_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is merged or given back meanwhile."""
    monkeypatch.setattr("holdfast.engine.upkeep._KEPT_LOG", 1 << 40)
    monkeypatch.setattr("holdfast.engine.upkeep._KEPT_PAGES", 1 << 40)


def test_a_power_cut_takes_the_last_of_the_packing_back(aws: Aws, tmp_path: Path) -> None:
    """Wherever the log ends then: every version reads, and is packed again."""
    make_bucket(aws)
    ids = [put(aws, KEY, state(number)) for number in range(COUNT)]
    log = aws.directory / LOG
    synced = log.stat().st_size
    assert pack_all(aws) == COUNT - 1
    packed = log.stat().st_size
    assert packed > synced + 10 * FRAME
    found = set()
    for size in [*range(synced, packed, STEP * FRAME), packed]:
        copy = tmp_path / "copy"
        shutil.copytree(aws.directory, copy)
        with (copy / LOG).open("rb+") as file:
            file.truncate(size)
        with opened(copy) as other:
            notes, forms = records(other, ToPack), records(other, Packed)
            assert len(notes) + len(forms) == COUNT - 1
            found.add(len(forms))
            assert [got(other, KEY, one) for one in ids] == [state(n) for n in range(COUNT)]
            assert pack_all(other) == len(notes)
            assert [got(other, KEY, one) for one in ids] == [state(n) for n in range(COUNT)]
            assert problems(other) == []
        shutil.rmtree(copy)
    assert found == set(range(COUNT))
