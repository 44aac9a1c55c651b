"""Verifying tables: their data keys, and every item's tag, key, size and time to live."""

from collections.abc import Callable, Iterator
from datetime import datetime

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.records import Expiry, Garbage, Item, Table
from holdfast.engine.verify import walk
from holdfast.server.background import own_view
from holdfast.server.dynamodb import keys, values
from holdfast.server.dynamodb.data_keys import open_data_key
from holdfast.server.dynamodb.item_ends import EMPTYING, FILLED_TO
from holdfast.server.dynamodb.storage import OpenTable, ends_at
from holdfast.server.operation import Site, Snapshot
from holdfast.server.problem import Problem, Unopened

_ITEM = (
    "If it is a lock, see that nobody works on that state, then delete the item; if it is a digest, "
    "set it to the MD5 of the state; else put the item again, or restore a backup"
)


def verify_tables(
    engine: Engine, site: Site, now: datetime, unopened: Unopened
) -> Iterator[Problem]:
    """Yield what is wrong with tables and their items.

    Args:
        engine: open for reading.
        site: with the vault of this data.
        now: for the context of the views.
        unopened: counts the tables whose KMS key is not usable.
    """
    for table in walk(engine, Table):
        try:
            key = own_view(engine, site, now, _opening(table, unopened))
        except CorruptData as error:
            yield Problem(f"table {table.name}", f"its data key: {error}")
            continue
        if key is not None:
            yield from _items(engine, OpenTable(table, key))
    yield from engine.view(lambda tx: list(_without_table(tx)))


def _opening(table: Table, unopened: Unopened) -> Callable[[Snapshot], bytes | None]:
    def opened(tx: Snapshot) -> bytes | None:
        try:
            return open_data_key(tx, table)
        except ServiceError as error:
            # Its KMS key cannot be used: that is its owner's will, not damage.
            unopened[f"in table {table.name} ({error.message})"] += 1
            return None

    return opened


def _items(engine: Engine, opened: OpenTable) -> Iterator[Problem]:
    table = opened.record
    for item in walk(engine, Item, table.table_id):
        what = _item(opened, item) or engine.view(_expiry(opened, item))
        if what:
            yield Problem(f"table {table.name}, item {shown_key(table, item)}", what, _ITEM)
    if EMPTYING in table.settings:
        return  # items go, and the records of their ends go later
    for expiry in walk(engine, Expiry, table.table_id):
        if not engine.view(_belongs(expiry)):
            where = f"table {table.name}, item {shown_key(table, expiry)}"
            yield Problem(where, "it is due to end, but it is gone", _ITEM)


def _item(opened: OpenTable, item: Item) -> str:
    """Return what is wrong with an item by itself."""
    try:
        attributes = opened.attributes(item)
        if keys.of_item(opened.record, attributes) != (item.hash, item.range):
            return "its key is not the one it is stored under"
        size = values.item_size(attributes)
    except CorruptData as error:
        return str(error)
    except ServiceError as error:
        return f"it does not fit its table: {error.message}"
    return "" if size == item.size else f"its size is {size} bytes, its record says {item.size}"


def _expiry(opened: OpenTable, item: Item) -> Callable[[Reader], str]:
    """Return a search for the record of when an item ends, if it does."""

    def work(tx: Reader) -> str:
        filled = FILLED_TO not in opened.record.settings
        name = opened.ttl_attribute if filled else ""
        current = tx.get(Item, item.table_id, item.hash, item.range) if name else None
        if current is None:
            return ""
        at = ends_at(opened.attributes(current).get(name))
        if at is None or tx.get(Expiry, item.table_id, at, item.hash, item.range) is not None:
            return ""
        return f"it ends by its attribute {name}, but nothing will remove it"

    return work


def _belongs(expiry: Expiry) -> Callable[[Reader], bool]:
    def work(tx: Reader) -> bool:
        named = (expiry.table_id, expiry.hash, expiry.range)
        return (
            tx.get(Item, *named) is not None
            or tx.get(Expiry, expiry.table_id, expiry.at, *named[1:]) is None
        )

    return work


def _without_table(tx: Reader) -> Iterator[Problem]:
    known = {table.table_id for table in tx.scan(Table)}
    known |= {record.id for record in tx.scan(Garbage) if record.what == "items"}
    item = next(tx.scan(Item, limit=1), None)
    while item is not None:
        if item.table_id not in known:
            yield Problem(
                f"table with the id {item.table_id.hex()}", "it has items, but its record is gone"
            )
        item = next(tx.scan(Item, after=(item.table_id,), limit=1), None)


def shown_key(table: Table, item: Item | Expiry) -> str:
    """Return an item's key for reading: text as it is, all else as hexadecimal digits."""
    parts = [_shown(table.hash_type, item.hash)]
    if table.range_key:
        parts.append(_shown(table.range_type, item.range))
    return " / ".join(parts)


def _shown(kind: str, encoded: bytes) -> str:
    return repr(encoded.decode(errors="replace")) if kind == "S" else f"0x{encoded.hex()}"
