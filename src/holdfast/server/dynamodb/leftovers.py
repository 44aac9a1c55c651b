"""What deleted tables and finished transactions leave behind, removed in small steps."""

from datetime import datetime

from holdfast.engine.port import Engine, Writer
from holdfast.engine.records import ClientToken, Expiry, Garbage, Item
from holdfast.server.dynamodb.transactions import TOKEN_LIFE


def drop_deleted_items(engine: Engine, limit: int = 500) -> int:
    """Remove items of deleted tables, and return how many; 0 when none is left.

    Args:
        engine: where they are.
        limit: at most so many, in one transaction.
    """
    if not engine.view(lambda tx: any(left.what == "items" for left in tx.scan(Garbage))):
        return 0
    return engine.update(lambda tx: _drop_items(tx, limit))


def _drop_items(tx: Writer, limit: int) -> int:
    for left in list(tx.scan(Garbage)):
        if left.what != "items":
            continue
        items = list(tx.scan(Item, left.id, limit=limit))
        for item in items:
            tx.drop(Item, item.table_id, item.hash, item.range)
        expiries = list(tx.scan(Expiry, left.id, limit=limit))
        for expiry in expiries:
            tx.drop(Expiry, expiry.table_id, expiry.at, expiry.hash, expiry.range)
        if len(items) < limit and len(expiries) < limit:
            tx.drop(Garbage, left.at, left.id)
        return max(len(items), len(expiries), 1)
    return 0


def forget_tokens(engine: Engine, now: datetime, limit: int = 500) -> int:
    """Forget client tokens that no longer count, and return how many.

    Args:
        engine: where they are.
        now: the time.
        limit: at most so many.
    """
    oldest = now - TOKEN_LIFE

    def stale(tokens: list[ClientToken]) -> list[ClientToken]:
        return [token for token in tokens if token.at < oldest][:limit]

    doomed = engine.view(lambda tx: stale(list(tx.scan(ClientToken))))
    if not doomed:
        return 0

    def work(tx: Writer) -> int:
        for token in doomed:
            present = tx.get(ClientToken, token.token)
            if present is not None and present.at < oldest:
                tx.drop(ClientToken, token.token)
        return len(doomed)

    return engine.update(work)
