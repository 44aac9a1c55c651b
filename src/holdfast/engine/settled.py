"""Records that nearly every request reads and hardly anything writes, kept as they were decoded.

One write to any of them forgets them all. They are many to one, so that is cheaper than to know which.
"""

from typing import Any

Key = tuple[Any, ...]  # the kind, and the values of its key fields
Kept = dict[Key, Any]  # records; None where it is known that there is none

_MOST = 10_000  # records


class Settled:
    """What is kept now; None while it is being changed.

    Whoever reads takes what is kept before the first look at the database, and adds to that. A change
    begins with something else to keep before it can be seen in the database, so nothing is ever added
    to what is kept that is older, and what was taken before is never read again.
    """

    __slots__ = ("_shared", "kept")

    def __init__(self, *, shared: bool = False) -> None:
        """Begin with nothing.

        Args:
            shared: another process may write, which nobody would hear of: keep nothing.
        """
        self._shared = shared
        self.kept: Kept | None = None if shared else {}

    def disturb(self) -> None:
        """Say that one is about to be written: until it is settled, read the database."""
        self.kept = None

    def settle(self) -> None:
        """Say that what was begun is committed, or taken back."""
        if self.kept is None and not self._shared:
            self.kept = {}


def keep(kept: Kept, key: Key, record: Any) -> None:
    """Add a record that was read. It is shared from now on, and must not be changed."""
    if len(kept) >= _MOST:
        kept.clear()
    kept[key] = record
