"""The last records of kinds that only grow, kept from one update to the next.

Whoever adds one begins with the last, as the journal's chain does. All updates go through one writer,
so what it put last is the last; when anything is taken back all are forgotten, and read again.
"""

from typing import Any

from holdfast.engine.record import Record

Key = tuple[Any, ...]  # the values of a record's key fields


class LastRecords:
    """What is known of them. For one update at a time."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[type[Record], tuple[Key, Record]] = {}

    def get(self, kind: type[Any]) -> Any:
        """Return the last record of a kind; None if it is not known."""
        known = self._known.get(kind)
        return None if known is None else known[1]

    def read(self, key: Key, record: Any) -> None:
        """Take what was found to be the last of its kind."""
        self._known[type(record)] = key, record

    def put(self, key: Key, record: Record) -> None:
        """Take note that a record is put. It is the last if it comes behind the last."""
        known = self._known.get(type(record))
        if known is not None and key >= known[0]:
            self._known[type(record)] = key, record

    def forget(self) -> None:
        """Know none any more: something was dropped, or is taken back."""
        self._known.clear()
