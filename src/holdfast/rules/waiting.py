"""Who waits for a lock: what they are told, and what is written down of them."""

from datetime import datetime

from holdfast.engine.state_records import HeldLock, Waiter
from holdfast.rules.places import StateName
from holdfast.terraform.lockinfo import LockInfo

_MOST_WAITERS = 32


def told(name: StateName, held: HeldLock, now: datetime) -> str:
    """Return who holds a lock, since when, and what to do about it: one line for a client."""
    minutes = max(0, int((now - held.since).total_seconds() // 60))
    since = f"{minutes} min" if minutes else "less than a minute"
    doing = f" for {held.operation}" if held.operation else ""
    return (
        f"The state {name} is locked by {held.who or held.principal}{doing} since {since} "
        f"(lock ID {held.id}). Wait with -lock-timeout, or, if its holder is gone: "
        f"holdfast unlock {name.url}"
    )


def told_leaving(name: StateName, held: HeldLock) -> str:
    """Return that a lock is being given back, and what to do: one line for a client."""
    return (
        f"The state {name} is just being unlocked by {held.who or held.principal} (lock ID {held.id}). "
        "Try again in a few seconds, or wait with -lock-timeout."
    )


def told_late(name: StateName, lock_id: str) -> str:
    """Return that a request came too late to take a lock: one line for a client."""
    return (
        f"This request for the lock of {name} is late: the lock (ID {lock_id}) has been held, and has "
        "ended since. Take it anew."
    )


def with_waiter(
    waiters: tuple[Waiter, ...], principal: str, address: str, info: LockInfo, now: datetime
) -> tuple[Waiter, ...]:
    """Return the waiters with one more attempt; the latest come last, and the oldest are let go."""
    others = []
    attempts, first = 1, now
    for waiter in waiters:
        if (waiter.principal, waiter.address, waiter.who) == (principal, address, info.who):
            attempts, first = waiter.attempts + 1, waiter.first
        else:
            others.append(waiter)
    new = Waiter(
        principal=principal,
        address=address,
        who=info.who,
        operation=info.operation,
        first=first,
        last=now,
        attempts=attempts,
    )
    return (*others[-_MOST_WAITERS + 1 :], new)
