"""Whether a lock looks dead: silence counts, age alone does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.engine.state_records import HeldLock, Waiter
from holdfast.rules.staleness import ALIVE, LIMIT, UNKNOWN, Seen, in_words, staleness
from holdfast.server.judging import Staleness

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=30)
LOCK = HeldLock(
    id="1",
    document=b"",
    who="ann@host",
    operation="OperationTypeApply",
    tool="Terraform 1.11.4",
    since=NOW - 3 * HOUR,
    principal="arn:aws:iam::123456789012:user/ann",
    access_key_id="ASIA1",
    places=("s3",),
)


SILENT = Seen(LONG_AGO)  # since it took its lock


def looks(seen: Seen = SILENT, **fields: Any) -> Staleness:
    """Judge the lock with other fields."""
    return staleness(replace(LOCK, **fields), seen, NOW)


def text(found: Staleness) -> str:
    """Return the reasons as one text."""
    return " ".join(found.reasons)


@pytest.mark.parametrize(
    ("seen", "fields", "dead"),
    [
        (Seen(LONG_AGO), {}, True),
        (Seen(LONG_AGO), {"since": NOW - LIMIT}, True),
        (Seen(LONG_AGO), {"since": NOW - LIMIT + MINUTE}, False),
        (Seen(LONG_AGO, NOW - MINUTE), {}, False),
        (Seen(LONG_AGO, NOW - LIMIT - MINUTE), {}, True),
        (Seen(LONG_AGO, NOW - 3 * HOUR), {"last_write": NOW - HOUR}, False),
        (Seen(LONG_AGO), {"last_write": NOW - LIMIT}, True),
        (Seen(NOW - HOUR), {}, False),  # started an hour ago: before that it may have been alive
        (Seen(NOW - LIMIT), {}, True),
        (Seen(LONG_AGO, session=False), {}, True),
        (Seen(LONG_AGO, NOW - HOUR, session=False), {}, False),
        (Seen(LONG_AGO), {"principal": ""}, False),
        (Seen(LONG_AGO), {"principal": "", "since": NOW - UNKNOWN}, True),
        (Seen(LONG_AGO, session_end=NOW - 2 * HOUR), {"since": NOW - HOUR}, False),
    ],
)
def test_two_hours_of_silence(seen: Seen, fields: dict[str, Any], dead: bool) -> None:
    """Of a holder that is not known a day."""
    assert looks(seen, **fields).looks_dead is dead


@pytest.mark.parametrize(
    ("seen", "fields", "said"),
    [
        (Seen(LONG_AGO), {}, "It is held for OperationTypeApply since 3 h."),
        (Seen(LONG_AGO), {}, "Its session made no request since it took the lock."),
        (Seen(NOW - HOUR), {}, "since the server was started, 1 h ago; before that is not known"),
        (Seen(LONG_AGO, NOW - 5 * MINUTE), {}, "made its last request 5 min ago"),
        (Seen(LONG_AGO, session=False), {}, "Its program has not read or written the state since"),
        (Seen(LONG_AGO), {}, "The state was not written since the lock was taken."),
        (Seen(LONG_AGO), {"last_write": NOW - HOUR}, "The state was last written 1 h ago."),
        (Seen(LONG_AGO, session_end=NOW - HOUR), {}, "Its session ended 1 h ago."),
        (Seen(LONG_AGO), {"principal": ""}, "Who holds it is not known"),
        (Seen(LONG_AGO), {}, "for 2 h or more: it looks dead"),
        (Seen(LONG_AGO, NOW), {}, "Its holder may be at work"),
    ],
)
def test_reasons_say_what_was_looked_at(seen: Seen, fields: dict[str, Any], said: str) -> None:
    """In sentences that a user may read."""
    assert said in text(looks(seen, **fields))


def waiter(who: str, attempts: int, last: timedelta) -> Waiter:
    """Return somebody who waits."""
    at = NOW - last
    return Waiter(principal="arn", who=who, first=at - HOUR, last=at, attempts=attempts)


def test_waiters_are_counted() -> None:
    """With their attempts; one that is called as the holder is named."""
    waiters = (waiter("bob@ci", 3, HOUR), waiter("ann@host", 2, MINUTE))
    said = text(looks(waiters=waiters))
    assert "by others: 2, in 5 attempts, the last 1 min ago" in said
    assert "One is ann@host, as its holder" in said
    assert "as its holder" not in text(looks(waiters=waiters[:1]))


def test_a_session_that_goes_on_is_not_mentioned() -> None:
    """Only an end that is past tells something."""
    assert "ended" not in text(looks(Seen(LONG_AGO, session_end=NOW + HOUR)))


SPANS = st.timedeltas(timedelta(0), timedelta(days=60))
MOMENTS = SPANS.map(lambda span: NOW - span)
SEEN = st.builds(
    Seen,
    known_from=MOMENTS,
    last=st.none() | MOMENTS,
    session=st.booleans(),
    session_end=st.none() | SPANS.map(lambda span: NOW - span + timedelta(days=30)),
)
LOCKS = st.builds(
    lambda since, written, principal: replace(
        LOCK, since=since, last_write=written, principal=principal
    ),
    MOMENTS,
    st.none() | MOMENTS,
    st.sampled_from(["", LOCK.principal]),
)


@given(LOCKS, SEEN)
def test_nobody_is_dead_who_was_heard_of_lately(lock: HeldLock, seen: Seen) -> None:
    """Neither within minutes of a request or a write nor of the lock itself."""
    found = staleness(lock, seen, NOW)
    signs = [lock.since, lock.last_write, seen.last if lock.principal else None]
    if any(sign is not None and NOW - sign < ALIVE for sign in signs):
        assert not found.looks_dead
        assert found.percent == 0
    assert 0 <= found.percent <= 99
    assert not found.looks_dead or found.percent >= 80


@given(LOCKS, SEEN, SPANS)
def test_silence_makes_it_no_livelier(lock: HeldLock, seen: Seen, span: timedelta) -> None:
    """The longer nothing is heard, the more speaks for it."""
    found, later = staleness(lock, seen, NOW), staleness(lock, seen, NOW + span)
    assert later.percent >= found.percent
    assert later.looks_dead >= found.looks_dead


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86400 + 60, "1 d 1 min"),
        (90061, "1 d 1 h"),
    ],
)
def test_spans_in_words(seconds: int, words: str) -> None:
    """The two largest units."""
    assert in_words(timedelta(seconds=seconds)) == words
