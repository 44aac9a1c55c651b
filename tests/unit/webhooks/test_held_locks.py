"""Which locks a webhook still has to look after."""

from datetime import UTC, datetime, timedelta

from holdfast.server.webhooks.held_locks import HeldLocks

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def held(*, looked_after: datetime = NOON) -> HeldLocks:
    """Return locks that may be held for an hour."""
    return HeldLocks(HOUR, looked_after)


def test_a_lock_is_due_when_it_was_held_for_so_long() -> None:
    """Not a moment sooner."""
    locks = held()
    locks.taken(NOON, "b", "k", "1")
    assert locks.due(NOON + HOUR - timedelta(seconds=1)) is None
    due = locks.due(NOON + HOUR)
    assert due is not None
    assert (due.bucket, due.key, due.lock_id) == ("b", "k", "1")


def test_the_first_one_is_due_first() -> None:
    """Each until it is done with."""
    locks = held()
    for number in range(3):
        locks.taken(NOON + number * HOUR, "b", f"k{number}", "1")
    seen = []
    while due := locks.due(NOON + 2 * HOUR):
        seen.append(due.key)
        assert locks.done(due) == due.at
    assert seen == ["k0", "k1"]


def test_what_is_released_is_forgotten() -> None:
    """So that no more are kept than are held."""
    locks = held()
    for number in range(100):
        locks.taken(NOON, "b", "k", str(number))
        locks.gone("b", "k")
        locks.gone("b", "k")
    assert len(locks) == 0
    assert locks.due(NOON + 9 * HOUR) is None


def test_another_lock_of_a_state_takes_the_place_of_the_one_before() -> None:
    """Its own time counts."""
    locks = held()
    locks.taken(NOON, "b", "k", "1")
    locks.taken(NOON + HOUR, "b", "k", "2")
    assert len(locks) == 1
    assert locks.due(NOON + HOUR) is None


def test_what_was_looked_after_before_is_done_with() -> None:
    """A lock that is found again in the journal is not told of again."""
    locks = held(looked_after=NOON + HOUR)
    locks.taken(NOON, "b", "k", "1")
    assert len(locks) == 0
    locks.taken(NOON + timedelta(seconds=1), "b", "k2", "1")
    assert len(locks) == 1
