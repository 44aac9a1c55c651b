"""Breaking a lock that was left behind: shown first, and removed only if it is still that very lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError, NoSuchLock
from holdfast.client.found_locks import Held
from holdfast.client.header_cache import HeaderCache
from holdfast.client.headers import Headers
from holdfast.client.history import Version, history
from holdfast.client.locking import release_found
from holdfast.operations.locks import StateLock, every_place
from holdfast.terraform.address import StateAddress

_MOST = 100  # versions looked at; a holder that wrote more is described well enough


@dataclass(frozen=True, slots=True)
class WrittenSince:
    """What was written to a state since its lock was taken."""

    versions: tuple[Version, ...]  # newest first
    before: Version | None  # the newest one from before the lock
    unknown: str = ""  # why it cannot be said


def written_since(
    connection: Connection, address: StateAddress, since: datetime | None
) -> WrittenSince:
    """Return the versions of a state that were written since a moment.

    Args:
        connection: the services.
        address: the state.
        since: when its lock was taken, or None if the lock does not say.
    """
    if since is None:
        return WrittenSince((), None, "the lock does not say when it was taken")
    written: list[Version] = []
    moment = since.replace(microsecond=0)  # as exactly as S3 tells the time of an object
    cache = HeaderCache()
    try:
        for version in history(connection, address, Headers(connection, cache)):
            if version.last_modified < moment:
                return WrittenSince(tuple(written), version)
            written.append(version)
            if len(written) == _MOST:
                break
    except HoldfastError as problem:
        return WrittenSince(tuple(written), None, problem.happened)
    finally:
        cache.close()
    return WrittenSince(tuple(written), None)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What came of breaking a lock."""

    removed: tuple[Held, ...]
    gone: tuple[Held, ...]  # were not there any more, each in its place


def unlock(connection: Connection, locks: Sequence[Held]) -> Unlocked:
    """Remove exactly these locks, in whatever place each lies; nobody else's.

    Raises:
        NoSuchLock: none of them is there any more.
        HoldfastError: a place could not be reached.
    """
    places = every_place(connection)
    removed: list[Held] = []
    gone: list[Held] = []
    refused: NoSuchLock | None = None
    for held in locks:
        try:
            release_found(places, held)
        except NoSuchLock as problem:
            refused = problem
            gone.append(held)
        else:
            removed.append(held)
    if refused and not removed:
        raise refused
    return Unlocked(tuple(removed), tuple(gone))


def chosen(lock: StateLock, lock_id: str | None) -> tuple[Held, ...]:
    """Return the parts of a lock that are to be removed.

    Args:
        lock: as it was found.
        lock_id: the id that is meant, or None for the only one there is.

    Raises:
        NoSuchLock: the id is another's; or no id was given, and the two places hold different locks.
    """
    if lock_id is not None:
        meant = tuple(held for held in lock.found if held.info.id == lock_id)
        if meant:
            return meant
        raise NoSuchLock(
            f"{lock.address.url} is not held by lock {lock_id}, but by "
            + " and ".join(lock.ids or ("one whose document cannot be read",)),
            "Look at it first: holdfast locks",
            holder=lock.info if lock.info.id else None,
        )
    different = {held.info.id for held in lock.found}
    if len(different) > 1:
        raise NoSuchLock(
            f"{lock.address.url} is held by different locks: "
            + ", ".join(
                f"{held.info.id or 'an unreadable one'} in the {held.where}" for held in lock.found
            ),
            "Say which of them is to be broken: --id ID"
            + (" (--id '' for the unreadable one)" if "" in different else ""),
            holder=lock.info if lock.info.id else None,
        )
    return lock.found
