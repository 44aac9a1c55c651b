"""The index of when items end: filled and emptied in bounded steps, so that no table is too large.

A table with few items is done with inside of UpdateTimeToLive. Of a larger one the rest is done in the
background; until then its time to live is ENABLING or DISABLING. Writes keep the index in step all
the while.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Engine, Reader
from holdfast.engine.records import Expiry, Item, Table
from holdfast.server.background import own_update
from holdfast.server.dynamodb.data_keys import open_data_key
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.storage import TTL_ATTRIBUTE, OpenTable
from holdfast.server.operation import Site, Transaction

STEP_ITEMS = 500
STEP_BYTES = 8 << 20
# In `Table.settings`: the key up to which the index is filled; the attribute that it was filled by,
# while it is being emptied.
FILLED_TO = "TimeToLiveFilledTo"
EMPTYING = "TimeToLiveEmptying"


def fill(tx: Transaction, table: Table) -> Table:
    """Note when the next items of a table end, and return the table to store.

    Its `FILLED_TO` says where to go on; without one it begins, and afterwards all is done.

    Raises:
        ServiceError: AccessDeniedException: the table's KMS key is not usable.
    """
    opened = OpenTable(table, open_data_key(tx, table))
    after = tuple(table.settings.get(FILLED_TO, ()))
    size = 0
    last: ItemKey | None = None
    for count, item in enumerate(tx.scan(Item, table.table_id, after=after)):
        if count >= STEP_ITEMS or size >= STEP_BYTES:
            return _with(table, FILLED_TO, last)
        last = ItemKey(item.hash, item.range)
        opened.note_expiry(tx, last, opened.attributes(item))
        size += len(item.data)
    return _with(table, FILLED_TO, None)


def empty(tx: Transaction, table: Table) -> Table:
    """Drop the next entries of a table's index, and return the table to store.

    It has `EMPTYING` while some are left.
    """
    found = list(tx.scan(Expiry, table.table_id, limit=STEP_ITEMS + 1))
    for expiry in found[:STEP_ITEMS]:
        tx.drop(Expiry, expiry.table_id, expiry.at, expiry.hash, expiry.range)
    return table if len(found) > STEP_ITEMS else _with(table, EMPTYING, None)


def status(table: Table) -> str:
    """Return a table's TimeToLiveStatus."""
    if EMPTYING in table.settings:
        return "DISABLING"
    if FILLED_TO in table.settings:
        return "ENABLING"
    return "ENABLED" if table.settings.get(TTL_ATTRIBUTE) else "DISABLED"


def settle_item_ends(engine: Engine, site: Site, now: datetime) -> int:
    """Do the next step for each table that is not done: a step of housekeeping.

    A table whose KMS key is not usable waits until it is.

    Args:
        engine: where the tables are.
        site: with the vault of this data.
        now: the time.

    Returns:
        For how many tables there was something to do.
    """
    done = 0
    for name in engine.view(_unsettled):
        try:
            done += own_update(engine, site, now, _settling(name))
        except ServiceError:
            continue
    return done


def _settling(name: str) -> Callable[[Transaction], bool]:
    def work(tx: Transaction) -> bool:
        table = tx.get(Table, name)
        if table is None:
            return False
        if EMPTYING in table.settings:
            tx.put(empty(tx, table))
        elif FILLED_TO in table.settings:
            tx.put(fill(tx, table))
        return True

    return work


def _unsettled(tx: Reader) -> list[str]:
    return [
        table.name
        for table in tx.scan(Table)
        if not table.settings.keys().isdisjoint((FILLED_TO, EMPTYING))
    ]


def _with(table: Table, name: str, value: Any) -> Table:
    settings = {known: kept for known, kept in table.settings.items() if known != name}
    if value is not None:
        settings[name] = value
    return msgspec.structs.replace(table, settings=settings)
