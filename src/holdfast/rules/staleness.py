"""Whether a lock looks dead: that its holder is gone, and will not come back to release it. Pure.

Nothing proves it. Terraform makes no request while it waits for a resource, which may take an hour and
more, and writes the state at most every 20 seconds while resources change; so silence is what counts,
and age only bounds it. Source: `internal/backend/local/hook_state.go` of Terraform (PersistInterval).
"""

from datetime import datetime, timedelta

import msgspec

from holdfast.engine.state_records import HeldLock
from holdfast.server.judging import Staleness

ALIVE = timedelta(minutes=5)  # after a request
LIMIT = timedelta(hours=2)  # of silence, until a lock looks dead
UNKNOWN = timedelta(hours=24)  # if nothing is known but its age
_AT_LIMIT = 0.2  # how much of 1 is left for its being alive after the limit


class Seen(msgspec.Struct, frozen=True):
    """What is known of a holder besides its lock."""

    known_from: datetime  # when the server began to take note
    last: datetime | None = None  # its last request; without a session, its last use of the state
    session: bool = True  # whether it has a session, which only one process uses
    session_end: datetime | None = None  # past or to come


def staleness(held: HeldLock, seen: Seen, now: datetime) -> Staleness:
    """Return whether a lock looks dead, and why.

    Args:
        held: the lock.
        seen: what is known of its holder.
        now: aware.
    """
    quiet = max(now - _heard(held, seen), timedelta(0))
    limit = LIMIT if held.principal else UNKNOWN
    dead = quiet >= limit
    reasons = [
        _age(held, now),
        _requests(held, seen, now),
        _writes(held, now),
        _session(seen, now),
        _waiters(held, now),
        _conclusion(limit, dead=dead),
    ]
    percent = 0 if quiet < ALIVE else min(99, round(100 * (1 - _AT_LIMIT ** (quiet / limit))))
    return Staleness(dead, percent, quiet.total_seconds(), tuple(filter(None, reasons)))


def _heard(held: HeldLock, seen: Seen) -> datetime:
    """Return when the holder was last heard of, or could have been."""
    if not held.principal:
        return max(held.since, held.last_write or held.since)
    last = seen.last or max(seen.known_from, held.since)
    return max(last, held.since, held.last_write or held.since)


def _age(held: HeldLock, now: datetime) -> str:
    doing = f" for {held.operation}" if held.operation else ""
    return f"It is held{doing} since {in_words(now - held.since)}."


def _requests(held: HeldLock, seen: Seen, now: datetime) -> str:
    if not held.principal:
        return "Who holds it is not known: it was taken before this server knew of locks."
    who = "Its session" if seen.session else "Its program"
    if seen.last is not None and seen.last > held.since:
        act = "made its last request" if seen.session else "last read or wrote the state"
        return f"{who} {act} {in_words(now - seen.last)} ago."
    what = "made no request" if seen.session else "has not read or written the state"
    if seen.known_from > held.since:
        since = in_words(now - seen.known_from)
        return f"{who} {what} since the server was started, {since} ago; before that is not known."
    return f"{who} {what} since it took the lock."


def _writes(held: HeldLock, now: datetime) -> str:
    if held.last_write is None:
        return "The state was not written since the lock was taken."
    return f"The state was last written {in_words(now - held.last_write)} ago."


def _session(seen: Seen, now: datetime) -> str:
    if seen.session_end is None or seen.session_end > now:
        return ""
    return f"Its session ended {in_words(now - seen.session_end)} ago."


def _waiters(held: HeldLock, now: datetime) -> str:
    waiters = held.waiters
    if not waiters:
        return ""
    attempts = sum(waiter.attempts for waiter in waiters)
    last = in_words(now - max(waiter.last for waiter in waiters))
    said = (
        f"It was asked for by others: {len(waiters)}, in {attempts} attempts, the last {last} ago."
    )
    if held.who not in {waiter.who for waiter in waiters if waiter.who}:
        return said
    return f"{said} One is {held.who}, as its holder: maybe the same, started once more."


def _conclusion(limit: timedelta, *, dead: bool) -> str:
    if dead:
        return f"Nothing was heard of its holder for {in_words(limit)} or more: it looks dead."
    return (
        "Its holder may be at work: Terraform makes no request while it waits for a resource. It looks "
        f"dead once nothing was heard of it for {in_words(limit)}."
    )


def in_words(span: timedelta) -> str:
    """Return a span for a sentence: `2 h 5 min`, or `less than a minute`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2])
