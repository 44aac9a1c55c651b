"""Requests that arrive more than once, kept in memory; the latest release of a lock is on record too.

A client whose request got no answer sends it again, and it is not known whether the first was carried
out. The SDKs mark it (`amz-sdk-invocation-id`, the same for all attempts). A lock that was deleted may
be another's by the second attempt; a request that was late on its way must not take a lock that its
client has long given back, nor write over what its client wrote since.
"""

from threading import Lock

from holdfast.engine.state_records import HeldLock, PastLock, State
from holdfast.rules.places import StateName
from holdfast.rules.remembered import Remembered
from holdfast.server.caller import Caller
from holdfast.server.judging import JudgedWriter

_LATEST = 8  # past locks among which one is looked for

_Key = tuple[StateName, str, str, str]  # the state, the place, the access key, the invocation


class Repeated:
    """What requests did to locks. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._tried: Remembered[_Key, str] = Remembered()  # IDs of locks
        self._released: Remembered[_Key, HeldLock] = Remembered()

    def tried(self, name: StateName, place: str, caller: Caller, lock_id: str) -> None:
        """Remember a request to take a lock."""
        if caller.invocation_id:
            with self._lock:
                self._tried.put(_key(name, place, caller), lock_id)

    def released(self, name: StateName, place: str, caller: Caller, held: HeldLock) -> None:
        """Remember that a request released a lock in a place."""
        if caller.invocation_id:
            with self._lock:
                self._released.put(_key(name, place, caller), held)

    def is_late(self, tx: JudgedWriter, name: StateName, place: str, lock_id: str) -> bool:
        """Say whether this very request came before, for a lock that has been held and ended since."""
        if self._tried.get(_key(name, place, tx.caller)) != lock_id:
            return False
        latest = tx.scan(PastLock, *name, limit=_LATEST, reverse=True)
        return any(past.id == lock_id for past in latest)

    def release(
        self, state: State | None, name: StateName, place: str, caller: Caller
    ) -> HeldLock | None:
        """Return the lock that this very request released before; None if that came to nothing."""
        held = self._released.get(_key(name, place, caller))
        if held is None and state is not None and caller.invocation_id and state.leaving:
            before = (state.leaving.access_key_id, state.leaving.request)  # a restart, maybe
            if before == (caller.access_key_id, caller.invocation_id):
                held = state.leaving.held
        if held is None:
            return None
        is_held = state is not None and state.lock is not None and state.lock.id == held.id
        return None if is_held else held


class RepeatedWrites:
    """Which version of a state a request wrote. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._orders: Remembered[tuple[StateName, str, str], int] = Remembered()

    def wrote(self, name: StateName, caller: Caller, order: int) -> None:
        """Remember that a request wrote a version."""
        if caller.invocation_id:
            with self._lock:
                self._orders.put((name, caller.access_key_id, caller.invocation_id), order)

    def is_late(self, name: StateName, caller: Caller, order: int | None) -> bool:
        """Say whether this very request wrote a version before the newest one, which is given."""
        wrote = self._orders.get((name, caller.access_key_id, caller.invocation_id))
        return wrote is not None and order is not None and order < wrote  # newer ones are less


def _key(name: StateName, place: str, caller: Caller) -> _Key:
    return name, place, caller.access_key_id, caller.invocation_id
