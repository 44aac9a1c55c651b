"""Which locks are held, and when each will have been held too long."""

from datetime import datetime, timedelta
from typing import NamedTuple


class Due(NamedTuple):
    """A lock, and when to look whether it is still held."""

    at: datetime
    bucket: str
    key: str
    lock_id: str


class HeldLocks:
    """The lock of each state that has one, in the order in which they were taken."""

    def __init__(self, after: timedelta, looked_after: datetime) -> None:
        """Begin with none.

        Args:
            after: how long a lock may be held.
            looked_after: locks that were due until then are done with.
        """
        self._after = after
        self._looked_after = looked_after
        self._locks: dict[tuple[str, str], Due] = {}

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._locks)

    def taken(self, since: datetime, bucket: str, key: str, lock_id: str) -> None:
        """Remember a lock, if it is not done with."""
        lock = Due(since + self._after, bucket, key, lock_id)
        if lock.at > self._looked_after and self._locks.get((bucket, key)) != lock:
            self.gone(bucket, key)
            self._locks[bucket, key] = lock

    def gone(self, bucket: str, key: str) -> None:
        """Forget the lock of a state."""
        self._locks.pop((bucket, key), None)

    def due(self, now: datetime) -> Due | None:
        """Return the first lock that may have been held too long; None if there is none."""
        first = next(iter(self._locks.values()), None)
        return first if first is not None and first.at <= now else None

    def done(self, lock: Due) -> datetime:
        """Forget the first lock; return until when locks are done with."""
        self.gone(lock.bucket, lock.key)
        self._looked_after = max(self._looked_after, lock.at)
        return self._looked_after
