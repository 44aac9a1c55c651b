"""UpdateTimeToLive and DescribeTimeToLive, and the step that removes what has ended."""

from datetime import datetime
from typing import Any

import msgspec

from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.records import Expiry, Item, Table
from holdfast.server.dynamodb.item_ends import EMPTYING, FILLED_TO, empty, fill, status
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import TTL_ATTRIBUTE
from holdfast.server.dynamodb.storage import describe_table as named_table
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

# What ended longer ago is left alone, lest a mistake in units empties a table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
FORGIVEN_SECONDS = 5 * 365 * 24 * 3600


@operation("UpdateTimeToLive", writes=True)
def update_time_to_live(tx: Transaction, params: Params) -> Result:
    """Name the attribute that says when an item ends, or stop looking at it."""
    table = named_table(tx, params["TableName"])
    specification = params["TimeToLiveSpecification"]
    enabled, attribute = specification["Enabled"], specification["AttributeName"]
    present = table.settings.get(TTL_ATTRIBUTE, "")
    if enabled:
        if present:
            raise invalid("TimeToLive is already enabled")
        if EMPTYING in table.settings:
            raise invalid("Time to live has been modified multiple times within a fixed interval")
        _enable(tx, table, attribute)
    else:
        if not present:
            raise invalid("TimeToLive is already disabled")
        if present != attribute:
            raise invalid(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {present}"
            )
        _disable(tx, table)
    return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}


def _enable(tx: Transaction, table: Table, attribute: str) -> None:
    settings = {**table.settings, TTL_ATTRIBUTE: attribute}
    tx.put(fill(tx, msgspec.structs.replace(table, settings=settings)))


def _disable(tx: Transaction, table: Table) -> None:
    gone = (TTL_ATTRIBUTE, FILLED_TO)
    settings = {name: value for name, value in table.settings.items() if name not in gone}
    settings[EMPTYING] = table.settings[TTL_ATTRIBUTE]
    tx.put(empty(tx, msgspec.structs.replace(table, settings=settings)))


@operation("DescribeTimeToLive")
def describe_time_to_live(tx: Snapshot, params: Params) -> Result:
    """Tell whether items of a table end, and which attribute says when."""
    table = named_table(tx, params["TableName"])
    described: dict[str, Any] = {"TimeToLiveStatus": status(table)}
    attribute = table.settings.get(TTL_ATTRIBUTE) or table.settings.get(EMPTYING)
    if attribute:
        described["AttributeName"] = attribute
    return {"TimeToLiveDescription": described}


def expire_items(engine: Engine, now: datetime, limit: int = 100) -> int:
    """Remove items that have ended, and return how many; call again until it is fewer than `limit`.

    One short transaction for each table that has some.

    Args:
        engine: where the tables are.
        now: the time.
        limit: at most so many items.
    """
    at = int(now.timestamp())
    removed = 0
    for table_id in engine.view(lambda tx: _tables_with_ended(tx, at)):
        if removed >= limit:
            break
        room = limit - removed

        def work(tx: Writer, table_id: bytes = table_id, room: int = room) -> int:
            return _expire(tx, table_id, at, room)

        removed += engine.update(work)
    return removed


def _ended(tx: Reader, table_id: bytes, at: int, limit: int) -> list[Expiry]:
    oldest = max(at - FORGIVEN_SECONDS, 0)
    found = tx.scan(Expiry, table_id, start=(oldest,), limit=limit)
    return [expiry for expiry in found if expiry.at < at]


def _tables_with_ended(tx: Reader, at: int) -> list[bytes]:
    return [
        table.table_id
        for table in tx.scan(Table)
        if table.settings.get(TTL_ATTRIBUTE) and _ended(tx, table.table_id, at, 1)
    ]


def _expire(tx: Writer, table_id: bytes, at: int, limit: int) -> int:
    ended = _ended(tx, table_id, at, limit)
    for expiry in ended:
        tx.drop(Item, table_id, expiry.hash, expiry.range)
        tx.drop(Expiry, table_id, expiry.at, expiry.hash, expiry.range)
    return len(ended)
