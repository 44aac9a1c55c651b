"""What a Holdfast server says of a held lock, as commands show it: who waits, and how it looks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from holdfast.cli.colours import Style
from holdfast.cli.tables import Cell, Value

if TYPE_CHECKING:
    from holdfast.client.locks_in_time import KnownLock, Waiting
    from holdfast.operations.known_locks import Known
    from holdfast.operations.locks import StateLock


def known_of(lock: "StateLock", known: "Known") -> "KnownLock | None":
    """Return what is known of this very lock; None if the server knows none, or another one."""
    found = known.get((lock.address.bucket, lock.address.object_key))
    return found if found is not None and found.info.id in lock.ids else None


def dead_ones(locks: "tuple[StateLock, ...]", known: "Known") -> "Iterator[KnownLock]":
    """Yield those that look dead."""
    for lock in locks:
        found = known_of(lock, known)
        if found is not None and found.looks_dead:
            yield found


def told_of(lock: "KnownLock | None") -> list[Value]:
    """Return the cells: how many wait, and how the lock looks."""
    if lock is None:
        return [None, None]
    if lock.looks_dead:
        return [len(lock.waiters) or None, Cell(f"dead ({lock.percent} %)", Style.BAD)]
    quiet = Style.WARNING if lock.percent >= 50 else Style.PLAIN
    doubt = f" ({lock.percent} % dead)" if lock.percent else ""
    return [len(lock.waiters) or None, Cell(f"alive{doubt}", quiet)]


def told_document(lock: "KnownLock") -> dict[str, Any]:
    """Return the same for JSON, with all that is known."""
    return {
        "principal": lock.principal or None,
        "address": lock.address or None,
        "tool": lock.tool or None,
        "last_write": lock.last_write,
        "waiters": [waiter_document(waiter) for waiter in lock.waiters],
        "looks": {
            "dead": lock.looks_dead,
            "percent": lock.percent,
            "quiet_seconds": int(lock.quiet.total_seconds()),
            "reasons": list(lock.reasons),
        },
    }


def waiter_document(waiter: "Waiting") -> dict[str, Any]:
    """Return somebody who waited, for JSON."""
    return {
        "who": waiter.who,
        "principal": waiter.principal,
        "address": waiter.address or None,
        "operation": waiter.operation,
        "first": waiter.first,
        "last": waiter.last,
        "attempts": waiter.attempts,
    }
