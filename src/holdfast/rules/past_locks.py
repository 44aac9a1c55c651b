"""Locks that are held no more: kept for more than a year, for each state."""

from datetime import UTC, datetime, timedelta

from holdfast.engine.state_records import HeldLock, PastLock
from holdfast.rules.places import StateName
from holdfast.rules.remembered import Remembered
from holdfast.server.judging import JudgedWriter

KEPT = timedelta(days=400)
_AT_ONCE = 4  # that are forgotten when one is kept: more than one, so that they get fewer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT_MICROS = KEPT // timedelta(microseconds=1)


class PastLocks:
    """Keeps them. What it remembers is changed within updates only, which take turns."""

    def __init__(self) -> None:
        """Begin with nothing."""
        # When the oldest of a state ended, or before that: until it is due none is looked for.
        self._oldest: Remembered[StateName, int] = Remembered()

    def keep(self, tx: JudgedWriter, name: StateName, held: HeldLock, ended: str, by: str) -> None:
        """Keep a lock that has ended, and forget those of the same state that ended long ago.

        Args:
            tx: the transaction of its end.
            name: the state.
            held: the lock.
            ended: how: `released`, `forced`, `stale`, `vanished`.
            by: the ARN of who ended it; empty if nobody did.
        """
        now = _micros(tx.now)
        tx.put(
            PastLock(
                bucket=name.bucket,
                key=name.key,
                at=now,
                id=held.id,
                who=held.who,
                operation=held.operation,
                since=held.since,
                principal=held.principal,
                places=held.places,
                ended=ended,
                ended_by=by,
                waiters=held.waiters,
            )
        )
        earliest, oldest = now - _KEPT_MICROS, self._oldest.get(name)
        if oldest is None or oldest < earliest:
            self._forget(tx, name, earliest)

    def _forget(self, tx: JudgedWriter, name: StateName, earliest: int) -> None:
        found = list(tx.scan(PastLock, *name, limit=_AT_ONCE))
        ended = [old.at for old in found if old.at < earliest]
        for at in ended:
            tx.drop(PastLock, *name, at)
        if ended or not found:  # there may be more of them; and this may be taken back
            self._oldest.pop(name)
        else:
            self._oldest.put(name, found[0].at)


def _micros(moment: datetime) -> int:
    """Return microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
