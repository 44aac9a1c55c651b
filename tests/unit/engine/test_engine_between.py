"""What the engine leaves from one update to the next is bounded."""

from contextlib import closing
from pathlib import Path

import pytest

from holdfast.engine import between
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.state_records import State


def test_only_so_many_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond, it begins anew."""
    monkeypatch.setattr(between, "_MOST", 3)
    with closing(SqliteEngine(tmp_path / "x.db")) as engine:
        for number in range(9):
            one = State(bucket="b", key=str(number))
            engine.update(lambda tx, one=one: tx.put(one))  # type: ignore[misc]
        assert 0 < len(engine._writing()._between.followed) <= 3
