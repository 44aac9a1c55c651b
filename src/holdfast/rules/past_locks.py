"""Locks that are held no more: kept for more than a year, for each state."""

from datetime import UTC, datetime, timedelta

from holdfast.engine.state_records import HeldLock, PastLock
from holdfast.rules.places import StateName
from holdfast.server.judging import JudgedWriter

KEPT = timedelta(days=400)
_AT_ONCE = 4  # that are forgotten when one is kept: more than one, so that they get fewer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def keep(tx: JudgedWriter, name: StateName, held: HeldLock, ended: str, by: str) -> None:
    """Keep a lock that has ended, and forget those of the same state that ended long ago.

    Args:
        tx: the transaction of its end.
        name: the state.
        held: the lock.
        ended: how: `released`, `forced`, `stale`, `vanished`.
        by: the ARN of who ended it; empty if nobody did.
    """
    tx.put(
        PastLock(
            bucket=name.bucket,
            key=name.key,
            at=(tx.now - _EPOCH) // timedelta(microseconds=1),
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
    earliest = (tx.now - KEPT - _EPOCH) // timedelta(microseconds=1)
    for old in list(tx.scan(PastLock, *name, limit=_AT_ONCE)):
        if old.at < earliest:
            tx.drop(PastLock, *name, old.at)
