"""Collecting what nobody links: bodies that were staged and never used, and what was let go."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.records import Chunk, Expiry, Garbage, Item, Staged

STAGED_FOR = timedelta(days=1)  # longer than any upload takes
GRACE = timedelta(minutes=15)  # longer than any read takes

_ROWS = 64  # removed in one transaction: at most so many MiB of chunks
_TRANSACTIONS = 64  # in one step
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def staged_bodies(engine: Engine) -> frozenset[bytes]:
    """Return the ids of all staged bodies. Before the server serves, none can be linked any more."""
    return engine.view(lambda tx: frozenset(staged.body_id for staged in tx.scan(Staged)))


class StagedCollector:
    """A step of housekeeping: removes staged bodies of an earlier run, and those too old."""

    def __init__(self, engine: Engine) -> None:
        """Remember what an earlier run left. To be made before the server serves."""
        self._engine = engine
        self._left = staged_bodies(engine)

    def __call__(self, now: datetime) -> int:
        """Remove some of them; return how many bodies went."""
        before = now - STAGED_FOR

        def find(tx: Reader) -> list[bytes]:
            ended = (s.body_id for s in tx.scan(Staged) if s.body_id in self._left or s.at < before)
            return list(ended)[:_TRANSACTIONS]

        done = 0
        for body_id in self._engine.view(find):
            if not _drop_chunks(self._engine, body_id):
                break
            self._engine.update(_dropping_staged(body_id))
            done += 1
        return done


def collect_garbage(engine: Engine, now: datetime) -> int:
    """Remove bodies and items that were let go more than 15 minutes ago, some at a time.

    Args:
        engine: the store.
        now: aware, UTC.

    Returns:
        How many bodies and tables went wholly.
    """
    before = (now - GRACE - _EPOCH) // _MICROSECOND
    found = engine.view(
        lambda tx: [one for one in tx.scan(Garbage, limit=_TRANSACTIONS) if one.at <= before]
    )
    done = 0
    for garbage in found:
        drop = _drop_items if garbage.what == "items" else _drop_chunks
        if not drop(engine, garbage.id):
            break
        engine.update(_dropping_garbage(garbage))
        done += 1
    return done


def _dropping_staged(body_id: bytes) -> Callable[[Writer], None]:
    return lambda tx: tx.drop(Staged, body_id)


def _dropping_garbage(garbage: Garbage) -> Callable[[Writer], None]:
    return lambda tx: tx.drop(Garbage, garbage.at, garbage.id)


def _drop_chunks(engine: Engine, body_id: bytes) -> bool:
    """Remove the chunks of a body from the last to the first; say whether all are gone.

    From the end, so that one read of the last chunk tells how many are left.
    """

    def some(tx: Writer) -> bool:
        last = next(iter(tx.scan(Chunk, body_id, limit=1, reverse=True)), None)
        if last is None:
            return True
        for number in range(max(last.number - _ROWS + 1, 0), last.number + 1):
            tx.drop(Chunk, body_id, number)
        return last.number < _ROWS

    return any(engine.update(some) for _ in range(_TRANSACTIONS))


def _drop_items(engine: Engine, table_id: bytes) -> bool:
    """Remove the items of a dropped table; say whether all are gone."""

    def some(tx: Writer) -> bool:
        items = list(tx.scan(Item, table_id, limit=_ROWS))
        for item in items:
            tx.drop(Item, table_id, item.hash, item.range)
        ends = list(tx.scan(Expiry, table_id, limit=_ROWS))
        for end in ends:
            tx.drop(Expiry, table_id, end.at, end.hash, end.range)
        return len(items) < _ROWS and len(ends) < _ROWS

    return any(engine.update(some) for _ in range(_TRANSACTIONS))
