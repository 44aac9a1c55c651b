"""Rows of an older and of a newer Holdfast."""

from datetime import UTC, datetime
from typing import ClassVar

import msgspec
import pytest

from holdfast.engine.port import CorruptData
from holdfast.engine.record import Record
from holdfast.engine.sql import rows_of


class Before(Record, frozen=True, kw_only=True):
    """A kind as it was."""

    kind: ClassVar[str] = "thing"
    key_fields: ClassVar[tuple[str, ...]] = ("name", "order")

    name: str
    order: int
    at: datetime


class After(Record, frozen=True, kw_only=True):
    """The kind after fields were added, one of them in the middle."""

    kind: ClassVar[str] = "thing"
    key_fields: ClassVar[tuple[str, ...]] = ("name", "order")

    name: str
    order: int
    tags: dict[str, str] = {}
    at: datetime
    size: int = 3


AT = datetime(2024, 5, 6, tzinfo=UTC)


def test_missing_fields_take_their_defaults() -> None:
    """A newer Holdfast reads what an older one wrote."""
    row = rows_of(Before).row(Before(name="a", order=1, at=AT))
    assert rows_of(After).record(row, row[-1]) == After(name="a", order=1, at=AT)


def test_defaults_are_not_shared() -> None:
    """Two records never share a mutable default."""
    row = rows_of(Before).row(Before(name="a", order=1, at=AT))
    rows = rows_of(After)
    assert rows.record(row, row[-1]).tags is not rows.record(row, row[-1]).tags


def test_unknown_fields_are_ignored() -> None:
    """An older Holdfast reads what a newer one wrote, where the format allows it."""
    row = rows_of(After).row(After(name="a", order=1, at=AT, tags={"x": "y"}))
    assert rows_of(Before).record(row, row[-1]) == Before(name="a", order=1, at=AT)


def test_a_row_is_its_key_and_the_other_fields() -> None:
    """Keys are not stored twice, and defaults are written out."""
    row = rows_of(After).row(After(name="a", order=1, at=AT))
    assert row[:2] == ("a", 1)
    assert msgspec.msgpack.decode(row[2]) == {"tags": {}, "at": AT, "size": 3}


@pytest.mark.parametrize(
    "stored", [b"", b"\xc1", b"\x80", b"\x81\xa2at\xa4noon", b"\x93\x01\x02\x03", "text", None]
)
def test_a_row_that_does_not_decode_is_corrupt(stored: object) -> None:
    """Whatever is wrong with it, the error names the record."""
    with pytest.raises(CorruptData, match=r"thing \('a', 1\)"):
        rows_of(Before).record(("a", 1), stored)
