"""What clients were told of locks a moment ago, kept in memory.

Terraform's protocols take several requests for one step, between which a lock may change hands. Who
was refused reads the holder afterwards; who holds a lock in two places gives back one, then the other;
who gives one back reads it, compares the id, and then deletes whatever is there. What was said before
decides what is meant. Losing it (at a restart) only brings back what the plain services do.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple, TypeVar

from holdfast.rules.places import StateName

_MOST = 10_000  # of each sort
_CREDIT = timedelta(seconds=15)  # between a refusal and the read that follows it
_NEXT_PLACE = timedelta(seconds=1)  # between giving a lock back in one place and in the next
_AFTER_RELEASE = timedelta(seconds=5)  # in which a client of several places looks into another
_STEP = timedelta(seconds=60)  # between reading a lock and deleting it


_V = TypeVar("_V")


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
        self._refused: OrderedDict[_Key, _Told] = OrderedDict()
        self._released: OrderedDict[tuple[StateName, str], tuple[str, _Told]] = OrderedDict()
        self._pending: OrderedDict[_Key, _Told] = OrderedDict()
        self._shown: OrderedDict[_Key, dict[str, datetime]] = OrderedDict()

    def refused(
        self, state: StateName, place: str, access_key_id: str, document: bytes, now: datetime
    ) -> None:
        """Remember whose lock somebody was refused by: one read of it is to be expected."""
        key = (state, place, access_key_id)
        with self._lock:
            before = self._refused.pop(key, None)
            times = before.times + 1 if before is not None and before.until > now else 1
            _put(self._refused, key, _Told(document, now + _CREDIT, times))

    def read_after_refusal(
        self, state: StateName, place: str, access_key_id: str, now: datetime, *, again: bool
    ) -> bytes | None:
        """Return the document that somebody was refused by and has not read yet.

        Args:
            state: whose lock.
            place: where it was refused.
            access_key_id: of who reads. Processes that share it cannot be told apart.
            now: the time.
            again: whether it may be read again, for some seconds: another process of that key may
                have been refused too, and this one may be the holder. Else it is read now.
        """
        key = (state, place, access_key_id)
        if again:
            found = self._refused.get(key)
            return found.document if found is not None and found.until > now else None
        if key not in self._refused:
            return None
        with self._lock:
            told = self._refused.pop(key, None)
            if told is None or told.until <= now:
                return None
            if told.times > 1:
                _put(self._refused, key, told._replace(times=told.times - 1))
            return told.document

    def released(
        self, state: StateName, place: str, access_key_id: str, document: bytes, now: datetime
    ) -> None:
        """Remember who released a lock where: a client of several places looks into another next."""
        key = (state, access_key_id)
        with self._lock:
            self._released.pop(key, None)
            self._released[key] = (place, _Told(document, now + _AFTER_RELEASE))
            while len(self._released) > _MOST:
                self._released.popitem(last=False)

    def read_after_release(
        self, state: StateName, place: str, access_key_id: str, now: datetime
    ) -> bytes | None:
        """Return the document of a lock that the reader just released in another place, once."""
        key = (state, access_key_id)
        found = self._released.get(key)
        if found is None or found[0] == place:
            return None
        with self._lock:
            self._released.pop(key, None)
        return found[1].document if found[1].until > now else None

    def released_elsewhere(
        self, state: StateName, place: str, access_key_id: str, document: bytes, now: datetime
    ) -> None:
        """Remember that a holder gave its lock back, which it is about to do in this place too."""
        with self._lock:
            told = _Told(document, now + _NEXT_PLACE)
            _put(self._pending, (state, place, access_key_id), told)

    def read_to_release(
        self, state: StateName, place: str, access_key_id: str, now: datetime
    ) -> bytes | None:
        """Return the document of a lock that the reader is about to give back in this place too."""
        key = (state, place, access_key_id)
        told = self._pending.get(key)
        if told is None or told.until <= now:
            return None
        with self._lock:
            _put(self._pending, key, told._replace(until=now + _STEP))
        return told.document

    def gives_back(self, state: StateName, place: str, access_key_id: str, now: datetime) -> bool:
        """Say whether a holder is about to give its lock back in this place too."""
        told = self._pending.get((state, place, access_key_id))
        return told is not None and told.until > now

    def ends_release(self, state: StateName, place: str, access_key_id: str, now: datetime) -> bool:
        """Say whether a deletion is the rest of a release; it is over with that."""
        key = (state, place, access_key_id)
        if key not in self._pending:
            return False
        with self._lock:
            told = self._pending.pop(key, None)
            self._released.pop((state, access_key_id), None)  # nothing is left to look for
        return told is not None and told.until > now

    def shown(
        self, state: StateName, place: str, access_key_id: str, lock_id: str, now: datetime
    ) -> None:
        """Remember which lock somebody was shown."""
        key = (state, place, access_key_id)
        with self._lock:
            ids = {id_: at for id_, at in self._shown.pop(key, {}).items() if at > now - _STEP}
            ids[lock_id] = now
            _put(self._shown, key, ids)

    def means_another(
        self, state: StateName, place: str, access_key_id: str, lock_id: str, now: datetime
    ) -> bool:
        """Say whether somebody who deletes a lock means one before it: this one they never saw."""
        ids = self._shown.get((state, place, access_key_id))
        if not ids:
            return False
        fresh = {id_ for id_, at in list(ids.items()) if at > now - _STEP}
        return bool(fresh) and lock_id not in fresh


def _put(kept: OrderedDict[_Key, _V], key: _Key, value: _V) -> None:
    kept[key] = value
    while len(kept) > _MOST:
        kept.popitem(last=False)
