"""Which locks are held, and when each will have been held too long."""

import heapq
from datetime import datetime, timedelta
from typing import NamedTuple


class Due(NamedTuple):
    """A lock, and when to look whether it is still held."""

    at: datetime
    bucket: str
    key: str
    lock_id: str


class HeldLocks:
    """Those that may still be held, the first to look at first."""

    def __init__(self, after: timedelta, looked_after: datetime) -> None:
        """Begin with none.

        Args:
            after: how long a lock may be held.
            looked_after: locks that were due until then are done with.
        """
        self._after = after
        self._looked_after = looked_after
        self._due: list[Due] = []
        self._known: set[Due] = set()

    def taken(self, since: datetime, bucket: str, key: str, lock_id: str) -> None:
        """Remember a lock, if it is not remembered and not done with."""
        lock = Due(since + self._after, bucket, key, lock_id)
        if lock.at > self._looked_after and lock not in self._known:
            self._known.add(lock)
            heapq.heappush(self._due, lock)

    def due(self, now: datetime) -> Due | None:
        """Return the first lock that may have been held too long; None if there is none."""
        return self._due[0] if self._due and self._due[0].at <= now else None

    def done(self) -> datetime:
        """Forget the first lock; return until when locks are done with."""
        lock = heapq.heappop(self._due)
        self._known.remove(lock)
        self._looked_after = lock.at
        return lock.at
