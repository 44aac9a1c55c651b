"""A lock that was found, who holds it in words, and the errors about locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from holdfast.client.errors import HoldfastError, LockHeld, LockLost, LockNotReleased, NoSuchLock
from holdfast.client.lock_places import Kept
from holdfast.terraform.address import StateAddress
from holdfast.terraform.lockinfo import LockInfo, NotALockDocument, parse


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that somebody holds, in one place."""

    address: StateAddress
    where: str  # `table` or `file`
    info: LockInfo  # its id is empty if the document is not readable
    document: str  # the lock document as it is stored
    etag: str = ""  # of a lock file
    unreadable: str = ""  # why the document cannot be read
    value: Mapping[str, Any] | None = field(default=None, hash=False)  # see `Kept`

    @property
    def kept(self) -> Kept:
        """The lock as it lies in its place, which is the condition on which it is removed."""
        return Kept(self.document, self.etag, self.value)


def held_of(address: StateAddress, where: str, kept: Kept) -> Held:
    """Return a lock as it was found in a place."""
    try:
        info, bad = parse(kept.document), ""
    except NotALockDocument as problem:
        info, bad = LockInfo(id=""), str(problem)
    return Held(address, where, info, kept.document, kept.etag, bad, kept.value)


def no_such_lock(address: StateAddress, lock_id: str, holder: LockInfo | None) -> NoSuchLock:
    """Return the error for a lock that is not there."""
    if holder is None:
        return NoSuchLock(f"{address.url} is not locked", "Nothing has to be done.", holder=None)
    return NoSuchLock(
        f"{address.url} is not held by lock {lock_id or '(unreadable)'} but by {describe(holder)}",
        f"To break that one: holdfast unlock {quote(address.object_key)} --id {holder.id}",
        holder=holder,
    )


def describe(holder: LockInfo | None) -> str:
    """Return who holds a lock, for a sentence."""
    if holder is None or not holder.id:
        return "a lock whose document cannot be read"
    since = f" since {holder.created}" if holder.since else ""
    doing = f" for {holder.operation}" if holder.operation else ""
    return f"{holder.who or 'somebody'}{doing}{since} (lock {holder.id})"


def readable(kept: Kept | None) -> LockInfo | None:
    """Return the document of a lock, or None if it cannot be read."""
    try:
        return parse(kept.document) if kept else None
    except NotALockDocument:
        return None


def still_held(address: StateAddress, where: str, kept: Kept | None, waited: float) -> LockHeld:
    """Return the error for a lock that another holds, after some seconds of waiting."""
    holder = readable(kept)
    after = f", still after {waited:.0f} s" if waited >= 1 else ""
    return LockHeld(
        f"{address.url} is locked by {describe(holder)}{after}",
        "Wait for it with --lock-timeout. If its holder is dead: "
        f"holdfast unlock {quote(address.object_key)}" + (f" --id {holder.id}" if holder else ""),
        holder=holder,
        where=where,
    )


def lost(
    address: StateAddress,
    info: LockInfo,
    places: Sequence[str],
    there: Kept | None,
    *,
    before: bool,
) -> LockLost:
    """Return the error for a lock of ours that is gone, or was released before."""
    holder = readable(there)
    now = f"it is now held by {describe(holder)}" if there else "nobody holds it now"
    released = "was released before" if before else f"is gone from the {' and the '.join(places)}"
    return LockLost(
        f"our lock {info.id} of {address.url} {released}; {now}",
        "Somebody forced it open. Look at what was written since: "
        f"holdfast versions {quote(address.object_key)}",
        info=info,
        places=places,
        holder=holder,
    )


def not_released(
    address: StateAddress, info: LockInfo, failed: Sequence[tuple[str, HoldfastError]]
) -> LockNotReleased:
    """Return the error for a lock of ours that may still be in the places that failed."""
    reasons = "; ".join(f"{name}: {error.happened}" for name, error in failed)
    return LockNotReleased(
        f"our lock {info.id} of {address.url} could not be released ({reasons})",
        f"Release it when that is mended: holdfast unlock {quote(address.object_key)} --id {info.id}",
        info=info,
        places=[name for name, _ in failed],
    )
