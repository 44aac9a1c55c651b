"""Which items the rules want to know of."""

from collections.abc import Mapping

from holdfast.engine.records import Table
from holdfast.server.dynamodb.storage import OpenTable
from holdfast.server.dynamodb.values import AttributeValue
from holdfast.server.operation import Snapshot


def is_watched(tx: Snapshot, table: Table) -> bool:
    """Say whether the rules want to know of a table's items."""
    return _is_watched(table, tx.rules.item_key)


def watched(table: OpenTable, attributes: Mapping[str, AttributeValue]) -> str:
    """Return the value of an item's hash key, if the rules want to know of the item; else nothing.

    Args:
        table: where it is; it knows what the rules watch.
        attributes: checked, with the key.
    """
    record = table.record
    if not _is_watched(record, table.watched_key):
        return ""
    text: str = attributes[record.hash_key]["S"]
    return text


def _is_watched(table: Table, watched_key: str) -> bool:
    return table.hash_key == watched_key and table.hash_type == "S" and not table.range_key
