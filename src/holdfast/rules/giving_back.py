"""Locks that are given back in one place after the other, kept in memory; for a restart on record.

Terraform with `dynamodb_table` and `use_lockfile` gives back the lock file, which frees the lock, and
then comes to read it in the table, compare its ID, and delete it. Were another's there by then, it
would find the wrong ID; of several with one access key nobody can tell who reads. So others wait.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from msgspec.structs import replace

from holdfast.engine.state_records import HeldLock, Leaving, State
from holdfast.rules.places import StateName
from holdfast.rules.remembered import Remembered
from holdfast.server.caller import Caller

_SHORT = timedelta(seconds=1)  # to the next place, for who may not come
_NEXT_PLACE = timedelta(seconds=5)  # to the next place, and from reading there to deleting
_AT_MOST = timedelta(seconds=15)  # in which others are kept out, whoever reads meanwhile
_SENT_AGAIN = timedelta(seconds=60)  # in which a request is sent again
_AFTER_RELEASE = timedelta(seconds=5)  # in which a client of several places looks into another


def on_record(held: HeldLock, caller: Caller, now: datetime, places: Sequence[str] = ()) -> Leaving:
    """Return what to put on record of a lock that is given back; the places are those that are left."""
    return Leaving(
        held=replace(held, waiters=()),
        places=tuple(places),
        at=now,
        access_key_id=caller.access_key_id,
        request=caller.invocation_id,
    )


def still_on_record(one: Leaving | None, now: datetime) -> Leaving | None:
    """Return what stays on record of a lock before, when another is taken: who gave it back."""
    if one is None or not one.request or now - one.at > _SENT_AGAIN:
        return None
    return replace(one, places=())


class _Leaving(NamedTuple):
    """A lock that was given back in one place; the places are those that are left."""

    held: HeldLock
    places: frozenset[str]
    began: datetime
    until: datetime
    caller: Caller

    def keeps_out(self, now: datetime) -> bool:
        """Say whether others are to wait: in time, and while its connection lasts."""
        return self.until > now and not self.caller.peer.gone


class _Gone(NamedTuple):
    """A lock that was in one place only, and was given back there."""

    place: str
    document: bytes  # sealed
    until: datetime


class GivingBack:
    """What is known of locks between their release in one place and in the next. Thread-safe."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._leaving: Remembered[tuple[StateName, str], _Leaving] = Remembered()
        self._closed: Remembered[StateName, str] = Remembered()  # access keys
        self._known: Remembered[StateName, str] = Remembered()  # IDs of locks that were on record
        self._gone: Remembered[tuple[StateName, str], _Gone] = Remembered()

    def begin(
        self,
        state: StateName,
        held: HeldLock,
        places: Sequence[str],
        caller: Caller,
        now: datetime,
        *,
        closed: bool,
    ) -> Leaving:
        """Remember that somebody gave a lock back, and is about to do so in other places.

        Returns what to put on record.

        Args:
            state: whose lock.
            held: the lock.
            places: the others.
            caller: who gives it back; others are kept out while its connection lasts.
            now: the time.
            closed: whether the lock is kept from others until that is over.
        """
        until = now + (_NEXT_PLACE if closed else _SHORT)
        with self._lock:
            one = _Leaving(held, frozenset(places), now, until, caller)
            self._leaving.put((state, caller.access_key_id), one)
            if closed:
                self._closed.put(state, caller.access_key_id)
                self._known.put(state, held.id)
        return on_record(held, caller, now, places if closed else ())

    def recall(self, name: StateName, state: State | None, now: datetime) -> None:
        """Take up what is on record of before a restart; whether it is over by now is not known."""
        one = state.leaving if state is not None else None
        if (
            one is None
            or not one.places
            or now >= one.at + _AT_MOST
            or self._known.get(name) == one.held.id
        ):
            return
        caller = Caller(one.held.principal, "", one.access_key_id)
        until = one.at + _AT_MOST
        with self._lock:
            self._known.put(name, one.held.id)
            left = _Leaving(one.held, frozenset(one.places), one.at, until, caller)
            self._leaving.put((name, one.access_key_id), left)
            self._closed.put(name, one.access_key_id)

    def keeps_out(self, state: StateName, now: datetime) -> HeldLock | None:
        """Return the lock that its holder is still giving back, if nobody may take another yet."""
        access_key_id = self._closed.get(state)
        if access_key_id is None:
            return None
        one = self._leaving.get((state, access_key_id))
        return one.held if one is not None and one.keeps_out(now) else None

    def taken(self, state: StateName, access_key_id: str) -> None:
        """Let a lock that is taken be the one that counts for its key: the holder before has not come.

        With a key of its own that one still finds its lock, for as long as it has to come.
        """
        if self._closed.get(state) is not None:
            with self._lock:
                if self._closed.pop(state) == access_key_id:
                    self._leaving.pop((state, access_key_id))

    def is_left(self, state: StateName, place: str, access_key_id: str, now: datetime) -> bool:
        """Say whether somebody is about to give a lock back in this place too."""
        return self._left(state, place, access_key_id, now) is not None

    def read(
        self,
        state: StateName,
        place: str,
        access_key_id: str,
        now: datetime,
        *,
        comes: bool = False,
    ) -> HeldLock | None:
        """Return the lock that the reader is about to give back in this place too.

        Where others are kept out, whoever reads gets some more time to delete what it read. Where
        the connection has ended, only a program is shown it that comes back for sure (`comes`): the
        connection may have been one of many.
        """
        one = self._left(state, place, access_key_id, now)
        if one is None or (one.caller.peer.gone and not comes):
            return None
        if self._closed.get(state) == access_key_id:
            with self._lock:
                if self._leaving.get((state, access_key_id)) is one:  # not over since
                    until = min(max(one.until, now + _NEXT_PLACE), one.began + _AT_MOST)
                    self._leaving.put((state, access_key_id), one._replace(until=until))
        return one.held

    def end(
        self, state: StateName, place: str, access_key_id: str, now: datetime
    ) -> HeldLock | None:
        """Return the lock if a deletion in this place is the rest of its release.

        It is over with the last place.
        """
        if self._left(state, place, access_key_id, now) is None:
            return None
        key = (state, access_key_id)
        with self._lock:
            one = self._leaving.pop(key)
            if one is None or place not in one.places:
                return None
            if len(one.places) > 1:
                self._leaving.put(key, one._replace(places=one.places - {place}))
            elif self._closed.get(state) == access_key_id:
                self._closed.pop(state)
        return one.held

    def _left(
        self, state: StateName, place: str, access_key_id: str, now: datetime
    ) -> _Leaving | None:
        one = self._leaving.get((state, access_key_id))
        return one if one is not None and place in one.places and one.until > now else None

    # ---- where it was in one place only --------------------------------------------------------

    def gave_back(
        self, state: StateName, place: str, access_key_id: str, document: bytes, now: datetime
    ) -> None:
        """Remember who released a lock where: a client of several places looks into another next."""
        with self._lock:
            self._gone.put((state, access_key_id), _Gone(place, document, now + _AFTER_RELEASE))

    def read_elsewhere(
        self, state: StateName, place: str, access_key_id: str, now: datetime
    ) -> bytes | None:
        """Return the document of a lock that the reader just released in another place, once."""
        key = (state, access_key_id)
        found = self._gone.get(key)
        if found is None or found.place == place:
            return None
        with self._lock:
            self._gone.pop(key)
        return found.document if found.until > now else None
