"""What clients were told of locks a moment ago, kept in memory.

Terraform's protocols take several requests for one step, between which a lock may change hands. Who
was refused reads the holder afterwards; who gives a lock back reads it, compares the ID, and then
deletes whatever is there. What was said before decides what is meant. Losing it (at a restart) only
brings back what the plain services do.
"""

from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from holdfast.rules.places import StateName
from holdfast.rules.remembered import Remembered

_CREDIT = timedelta(seconds=15)  # between a refusal and the read that follows it
_STEP = timedelta(seconds=60)  # between reading a lock and deleting it


class _Told(NamedTuple):
    document: bytes  # sealed: most are never asked for
    until: datetime
    times: int = 1


_Key = tuple[StateName, str, str]  # the state, the place, the access key


class Recent:
    """What was told lately. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._refused: Remembered[tuple[_Key, bool], _Told] = Remembered()
        self._shown: Remembered[_Key, dict[str, datetime]] = Remembered()

    def refused(
        self,
        state: StateName,
        place: str,
        access_key_id: str,
        document: bytes,
        now: datetime,
        *,
        waits: bool,
    ) -> None:
        """Remember whose lock somebody was refused by: one read of it is to be expected.

        `waits` says whether that is a program that reads locks for nothing else; what it is to read
        is not used up by others of its key.
        """
        key = (state, place, access_key_id), waits
        with self._lock:
            before = self._refused.get(key)
            times = before.times + 1 if before is not None and before.until > now else 1
            self._refused.put(key, _Told(document, now + _CREDIT, times))

    def read_after_refusal(
        self, state: StateName, place: str, access_key_id: str, now: datetime, *, waits: bool
    ) -> bytes | None:
        """Return the document that somebody was refused by and has not read yet.

        Args:
            state: whose lock.
            place: where it was refused.
            access_key_id: of who reads. Processes that share it cannot be told apart.
            now: the time.
            waits: as in `refused`. Then it may be read again, for some seconds: another process of
                that key may have been refused too, and this one may be the holder. Else it is read.
        """
        key = (state, place, access_key_id), waits
        if waits:
            found = self._refused.get(key)
            return found.document if found is not None and found.until > now else None
        if self._refused.get(key) is None:
            return None
        with self._lock:
            told = self._refused.pop(key)
            if told is None or told.until <= now:
                return None
            if told.times > 1:
                self._refused.put(key, told._replace(times=told.times - 1))
            return told.document

    def shown(
        self, state: StateName, place: str, access_key_id: str, lock_id: str, now: datetime
    ) -> None:
        """Remember which lock somebody was shown."""
        key = (state, place, access_key_id)
        with self._lock:
            before = self._shown.get(key) or {}
            ids = {id_: at for id_, at in before.items() if at > now - _STEP}
            ids[lock_id] = now
            self._shown.put(key, ids)

    def means_another(
        self, state: StateName, place: str, access_key_id: str, lock_id: str, now: datetime
    ) -> bool:
        """Say whether somebody who deletes a lock means one before it: this one they never saw."""
        ids = self._shown.get((state, place, access_key_id))
        if not ids:
            return False
        fresh = {id_ for id_, at in list(ids.items()) if at > now - _STEP}
        return bool(fresh) and lock_id not in fresh
