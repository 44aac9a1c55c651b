"""Sessions whose view of a state is out of date: they lost its lock, or a write of theirs was refused.

Terraform counts the serial on when a write fails, and tries again with the next at its end; so a write
that was refused as stale would pass for a newer one a moment later. Whoever was refused has to read
the state before writing it again without a lock. Kept in memory: losing it at a restart leaves the
other rules.
"""

from datetime import datetime, timedelta
from threading import Lock

from holdfast.rules.remembered import Remembered

_REMEMBERED = timedelta(days=1)  # longer than any apply that goes on without its lock

_Key = tuple[str, str, str]  # bucket, key, access key id


class OutdatedSessions:
    """Remembers them until they read the state. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._why: Remembered[_Key, tuple[str, datetime]] = Remembered()

    def add(self, bucket: str, key: str, access_key_id: str, why: str, now: datetime) -> None:
        """Remember a session.

        Args:
            bucket: of the state.
            key: of the state.
            access_key_id: of the session.
            why: how it came, such as "its lock ID was released by ARN".
            now: the time.
        """
        with self._lock:
            self._why.put((bucket, key, access_key_id), (why, now))

    def read(self, bucket: str, key: str, access_key_id: str) -> None:
        """Forget a session that reads the state."""
        if self._why.get((bucket, key, access_key_id)) is not None:
            with self._lock:
                self._why.pop((bucket, key, access_key_id))

    def why(self, bucket: str, key: str, access_key_id: str, now: datetime) -> str:
        """Return why a session is out of date; nothing if it is not."""
        found = self._why.get((bucket, key, access_key_id))
        return found[0] if found is not None and found[1] > now - _REMEMBERED else ""
