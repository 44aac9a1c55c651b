"""Held locks with what a Holdfast server knows of them, where the server is one and tells us."""

from collections.abc import Mapping

from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied, NotHoldfast
from holdfast.client.found_locks import Held
from holdfast.client.locks_in_time import KnownLock, known_locks
from holdfast.operations.locks import StateLock, address_of_lock

Known = Mapping[tuple[str, str], KnownLock]  # by bucket and key


def known_if_told(connection: Connection, bucket: str, prefix: str = "") -> Known | None:
    """Return what the server knows of held locks; None if it is another one, or does not tell us."""
    try:
        found = list(known_locks(connection, bucket, prefix))
    except (NotHoldfast, AccessDenied):
        return None
    return {(lock.bucket, lock.key): lock for lock in found}


def with_unseen(locks: tuple[StateLock, ...], known: Known) -> tuple[StateLock, ...]:
    """Return locks with those that lie neither in a table nor in a file: taken over HTTP."""
    seen = {(lock.address.bucket, lock.address.object_key) for lock in locks}
    more = [_over_http(lock) for at, lock in known.items() if at not in seen and _only_http(lock)]
    return tuple(sorted((*locks, *more), key=lambda lock: lock.address)) if more else locks


def _only_http(lock: KnownLock) -> bool:
    return "http" in lock.places


def _over_http(lock: KnownLock) -> StateLock:
    address = address_of_lock(f"{lock.bucket}/{lock.key}")
    return StateLock(address, (Held(address, "http", lock.info, lock.info.document()),))
