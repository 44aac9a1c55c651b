"""Collecting bodies that were staged and never linked, and what was let go."""

from datetime import UTC, datetime, timedelta

from holdfast.engine import bodies
from holdfast.engine.port import Engine

STAGED_FOR = timedelta(days=1)  # longer than any request lasts
GRACE = timedelta(minutes=15)  # longer than any read lasts

_EVER = datetime.max.replace(tzinfo=UTC)


def give_up_staged(engine: Engine) -> int:
    """Let go of everything that an earlier run staged: nobody can link it any more.

    To be called before the server serves. Returns how many bodies it was.
    """
    done = 0
    while found := bodies.collect_staged(engine, _EVER):
        done += found
    return done


def collect_staged(engine: Engine, now: datetime) -> int:
    """Let go of bodies that were begun a day ago and never linked; return how many."""
    return bodies.collect_staged(engine, now - STAGED_FOR)


def collect_garbage(engine: Engine, now: datetime) -> int:
    """Remove some of what was let go more than 15 minutes ago; return how many records."""
    return bodies.collect_garbage(engine, now - GRACE)
