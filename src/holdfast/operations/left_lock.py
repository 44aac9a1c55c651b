"""The lock that a lost apply left: recognising it, and holding it as our own."""

import getpass
import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from holdfast.client.backend import Backend
from holdfast.client.errors import LockHeld
from holdfast.client.found_locks import describe
from holdfast.client.lock_places import Kept, Place
from holdfast.client.locking import HeldLock, acquire
from holdfast.operations.locks import StateLock, every_place, lock_of

_CLOCKS = timedelta(minutes=1)  # how far the file's clock and the lock's may be apart


def same_run(lock: StateLock | None, written: datetime, file: str) -> tuple[bool, tuple[str, ...]]:
    """Judge whether a lock is the one that a lost apply took.

    Args:
        lock: as it was found; None if none is held.
        written: when the apply wrote the file.
        file: the file's name, for the sentences.

    Returns:
        Whether it looks so, and the evidence, a sentence each.
    """
    if lock is None:
        return False, ()
    info = lock.info
    if not info.id:
        return False, ("The lock's document cannot be read.",)
    if len(lock.ids) > 1:
        return False, ("The places hold different locks.",)
    me = f"{_user()}@{socket.gethostname()}"
    here = info.who == me
    evidence = [
        f"It was taken by {info.who}, {'as which this command runs' if here else f'not by {me}'}."
    ]
    since = info.since
    if since is None:
        return False, (*evidence, "It does not say when it was taken.")
    before = since <= written + _CLOCKS
    gap = _length(abs(written - since))
    evidence.append(
        f"It was taken {gap} {'before' if since <= written else 'after'} {file} was written."
    )
    return here and before, tuple(evidence)


def taken_over(backend: Backend, lock: StateLock) -> HeldLock:
    """Return the lock that was found as ours, after a look that it is still there.

    Where it lies in one of two places only, the other one is taken with the same document: whoever
    looks there has to be stopped too.

    Raises:
        LockHeld: another lock is held now.
    """
    now = lock_of(backend.connection, lock.address)
    if now is None or _documents(now) != _documents(lock):
        raise LockHeld(
            f"the lock of {lock.address.url} is not the one any more that was shown; "
            f"it is {f'held by {describe(now.info)}' if now else 'released'}",
            "Run the command again.",
            holder=now.info if now else None,
            where=now.places[0] if now else "",
        )
    by_place = {held.where: held for held in lock.found}
    taken: list[tuple[Place, Kept]] = [
        (place, by_place[place.name].kept)
        for place in every_place(backend.connection)
        if place.name in by_place
    ]
    missing = [place for place in backend.places if place.name not in by_place]
    more = acquire(missing, lock.address, lock.info).taken if missing else ()
    return HeldLock(lock.address, lock.info, [*taken, *more])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _length(gap: timedelta) -> str:
    seconds = int(gap.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _documents(lock: StateLock) -> Sequence[tuple[str, str]]:
    return sorted((held.where, held.document) for held in lock.found)
