"""Taking and releasing the lock of a state, in every place that the settings name, as Terraform does.

The file is taken before the table, and given back if the table refuses. Better than Terraform where the
wire allows it: a lost answer does not lock us out, a holder who left meanwhile is no error, and a lock
is removed only if it is still the same one.
"""

import getpass
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import holdfast
from holdfast.client.errors import HoldfastError, LockLost, Unreachable
from holdfast.client.found_locks import (
    Held,
    held_of,
    lost,
    no_such_lock,
    not_released,
    readable,
    still_held,
)
from holdfast.client.lock_places import Gone, Kept, Occupied, Place
from holdfast.client.translate import attempts_before, status_of
from holdfast.terraform.address import StateAddress
from holdfast.terraform.lockinfo import LockInfo, rfc3339

__all__ = [
    "Held",
    "HeldLock",
    "OnWait",
    "Pacing",
    "Waiting",
    "acquire",
    "held_of",
    "new_info",
    "release_by_id",
    "release_found",
]

FIRST_WAIT = 0.25  # seconds between two attempts to take a lock: doubled each time,
LONGEST_WAIT = 5.0  # up to this, and between half of it and all of it by chance
_VANISHED = 10  # how often an attempt is repeated at once because the holder had just left
_RELEASE_TRIES = 3
_UNDER_WAY = 0.5  # seconds that a request without an answer may still need to arrive


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who a waiting acquire waits for, after each attempt that failed."""

    holder: LockInfo | None  # None if the document could not be read
    where: str
    waited: float  # seconds
    left: float  # seconds until it gives up
    attempts: int


OnWait = Callable[[Waiting], None]


@dataclass(frozen=True, slots=True)
class Pacing:
    """The clock, the sleep and the chance of a waiting acquire."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after an attempt, counted from 1."""
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 16))
        return longest * (0.5 + self.chance() / 2)


def new_info(address: StateAddress, operation: str, info: str = "") -> LockInfo:
    """Return a lock document of ours, with a new id."""
    return LockInfo(
        id=str(uuid.uuid4()),
        operation=operation,
        info=info,
        who=f"{_user()}@{socket.gethostname()}",
        version=f"holdfast {holdfast.__version__}",
        created=rfc3339(datetime.now(UTC)),
        path=address.lock_id,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


@dataclass
class HeldLock:
    """A lock that we hold. Leaving its `with` block releases it, whatever happened inside.

    Attributes:
        address: the state.
        info: the lock document.
        taken: the places that hold it; none if the settings name none, as Terraform then locks nothing.
    """

    address: StateAddress
    info: LockInfo
    taken: Sequence[tuple[Place, Kept]] = field(repr=False)
    released: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Where it lies: `file`, `table`, both or neither."""
        return tuple(place.name for place, _ in self.taken)

    def check(self) -> None:
        """See whether the lock is still ours.

        Raises:
            LockLost: it is not, or it was released.
        """
        if self.released:
            raise lost(self.address, self.info, self.places, None, before=True)
        for place, kept in self.taken:
            there = place.read(self.address)
            if there is None or there.document != kept.document:
                raise lost(self.address, self.info, [place.name], there, before=False)

    def release(self) -> None:
        """Remove the lock from every place. Does nothing if it was released before.

        Raises:
            LockLost: it was not there any more, or is another's.
            LockNotReleased: a place could not be reached.
        """
        if self.released:
            return
        missing: list[tuple[str, Kept | None]] = []
        failed: list[tuple[str, HoldfastError]] = []
        for place, kept in self.taken:
            try:
                _remove(place, self.address, kept)
            except Gone as gone:
                missing.append((place.name, gone.kept))
            except HoldfastError as error:
                failed.append((place.name, error))
        self.released = not failed
        if failed:
            names_left = {name for name, _ in failed}
            self.taken = [each for each in self.taken if each[0].name in names_left]
            raise not_released(self.address, self.info, failed)
        if missing:
            there = next((kept for _, kept in missing if kept), None)
            names = [name for name, _ in missing]
            raise lost(self.address, self.info, names, there, before=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._release_surely()
        except HoldfastError as problem:
            if error is None:
                raise
            error.add_note(str(problem))  # what happened inside matters more

    def _release_surely(self) -> None:
        """Release, and once more if Ctrl-C comes in between."""
        try:
            self.release()
        except KeyboardInterrupt as interrupt:
            try:
                self.release()
            except LockLost:
                pass  # the release that was interrupted had removed it
            except HoldfastError as problem:
                interrupt.add_note(str(problem))
            raise


def acquire(
    places: Sequence[Place],
    address: StateAddress,
    info: LockInfo,
    *,
    timeout: float = 0.0,
    on_wait: OnWait | None = None,
    pacing: Pacing | None = None,
) -> HeldLock:
    """Take the lock of a state in all places, or in none.

    Args:
        places: where, in order.
        address: the state.
        info: the lock document.
        timeout: seconds to wait for another holder, counted from the first refusal; there is an
            attempt at their very end.
        on_wait: told who holds the lock after each failed attempt that is followed by another.
        pacing: the clock and the sleep, for tests.

    Raises:
        LockHeld: somebody else held it all the time.
        HoldfastError: a place could not be reached; nothing is held then.
    """
    pace = pacing or Pacing()
    began: float | None = None
    attempt, vanished = 0, 0
    while True:
        try:
            return _attempt(places, address, info)
        except _Refused as refused:
            began = pace.now() if began is None else began
            if refused.kept is None and vanished < _VANISHED:
                vanished += 1
                continue  # the holder left between the refusal and our look
            attempt, vanished = attempt + 1, 0
            waited = pace.now() - began
            if waited >= timeout:
                held = still_held(address, refused.where, refused.kept, waited)
                for line in getattr(refused, "__notes__", ()):
                    held.add_note(line)
                raise held from None
            holder = readable(refused.kept)
            if on_wait:
                on_wait(Waiting(holder, refused.where, waited, timeout - waited, attempt))
            pace.sleep(min(pace.wait(attempt), max(0.0, timeout - (pace.now() - began))))


class _Refused(Exception):
    """A place is occupied by another's lock."""

    def __init__(self, where: str, kept: Kept | None) -> None:
        super().__init__(where, kept)
        self.where, self.kept = where, kept


def _attempt(places: Sequence[Place], address: StateAddress, info: LockInfo) -> HeldLock:
    """Try once to take all places. If Ctrl-C comes in between, none of them keeps a lock of ours."""
    document = info.document()
    try:
        return HeldLock(address, info, _take_all(places, address, document))
    except (KeyboardInterrupt, SystemExit) as interrupt:
        try:
            _withdraw(places, address, document, interrupt)
        except KeyboardInterrupt:
            _withdraw(places, address, document, interrupt)
        raise


def _take_all(
    places: Sequence[Place], address: StateAddress, document: str
) -> list[tuple[Place, Kept]]:
    taken: list[tuple[Place, Kept]] = []
    for place in places:
        try:
            taken.append((place, place.put(address, document)))
        except Occupied as occupied:
            refused = _Refused(place.name, occupied.kept)
            _undo(taken, address, refused)
            raise refused from None
        except Exception as error:
            if _may_have_arrived(error):
                _withdraw([place], address, document, error)
            _undo(taken, address, error)
            raise
    return taken


def _may_have_arrived(error: Exception) -> bool:
    """Say whether a request that failed may have done its work: it, or an attempt of the SDK before."""
    from botocore.exceptions import ClientError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        return status_of(cause) >= 500 or attempts_before(cause.response) > 0
    return isinstance(error, Unreachable) or not isinstance(error, HoldfastError)


def _withdraw(
    places: Sequence[Place], address: StateAddress, document: str, error: BaseException
) -> None:
    """Remove a lock of ours that may or may not have arrived, or is still under way."""
    for place in places:
        try:
            there = place.read(address)
            if there is None:
                time.sleep(_UNDER_WAY)
                there = place.read(address)
            if there is not None and there.document == document:
                _remove(place, address, there)
        except Gone:
            continue
        except HoldfastError:
            error.add_note(
                f"Whether our lock was stored in the {place.name} is not known: "
                "'holdfast locks' shows it, as soon as there is an answer."
            )


def _undo(taken: list[tuple[Place, Kept]], address: StateAddress, error: BaseException) -> None:
    for place, kept in reversed(taken):
        try:
            _remove(place, address, kept)
        except Gone:
            continue
        except HoldfastError as problem:
            error.add_note(f"Our lock in the {place.name} could not be given back: {problem}")


def _remove(place: Place, address: StateAddress, kept: Kept) -> None:
    """Remove a lock; a place that cannot be reached is tried a few times, with a pause."""
    for attempt in range(1, _RELEASE_TRIES + 1):
        try:
            place.remove(address, kept)
        except HoldfastError as error:
            transient = isinstance(error, Unreachable) or _may_have_arrived(error)
            if attempt == _RELEASE_TRIES or not transient:
                raise
            time.sleep(0.5 * attempt)
        except Gone as gone:
            if attempt > 1 and gone.kept is None:
                return  # the attempt before removed it, and its answer was lost
            raise
        else:
            return


def release_by_id(places: Sequence[Place], address: StateAddress, lock_id: str) -> list[Held]:
    """Remove the lock with an id from every place that holds it, and return what was removed.

    Raises:
        NoSuchLock: no place holds it.
    """
    removed: list[Held] = []
    other: Held | None = None
    for place in places:
        kept = place.read(address)
        found = held_of(address, place.name, kept) if kept else None
        if kept is None or found is None:
            continue
        if found.info.id != lock_id:
            other = found
            continue
        try:
            _remove(place, address, kept)
        except Gone as gone:
            other = held_of(address, place.name, gone.kept) if gone.kept else other
            continue
        removed.append(found)
    if not removed:
        raise no_such_lock(address, lock_id, other.info if other else None)
    return removed


def release_found(places: Sequence[Place], held: Held) -> None:
    """Remove exactly the lock that was found in one place, readable or not: one conditional delete.

    Raises:
        NoSuchLock: it is not there any more.
    """
    for place in places:
        if place.name == held.where:
            try:
                _remove(place, held.address, held.kept)
            except Gone as gone:
                there = held_of(held.address, place.name, gone.kept).info if gone.kept else None
                raise no_such_lock(held.address, held.info.id, there) from None
