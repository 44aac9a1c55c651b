"""What one update leaves to the next, so that it need not be read again.

All updates go through one writer, one after the other: what it put is what is there. When anything is
taken back all of it is forgotten, and read again.
"""

from typing import Any

from holdfast.engine.settled import Kept

_MOST = 256  # records that are followed


class Between:
    """What is known between updates. Used by one at a time."""

    __slots__ = ("followed", "lasts")

    def __init__(self) -> None:
        """Know nothing."""
        self.followed: Kept = {}
        self.lasts: dict[Any, tuple[tuple[Any, ...], Any]] = {}  # by kind: the last key, its record

    def follow(self, key: tuple[Any, ...], record: Any) -> None:
        """Take what is under a key now; None: nothing."""
        if len(self.followed) >= _MOST:
            self.followed.clear()
        self.followed[key] = record

    def forget(self) -> None:
        """Know nothing any more."""
        self.followed.clear()
        self.lasts.clear()
