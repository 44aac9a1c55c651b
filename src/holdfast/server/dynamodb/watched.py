"""Which items the rules want to know of."""

from collections.abc import Mapping

from holdfast.server.dynamodb.storage import OpenTable
from holdfast.server.dynamodb.values import AttributeValue


def watched(table: OpenTable, attributes: Mapping[str, AttributeValue]) -> str:
    """Return the value of an item's hash key, if the rules want to know of the item; else nothing.

    Args:
        table: where it is; it knows what the rules watch.
        attributes: checked, with the key.
    """
    record = table.record
    if record.hash_key != table.watched_key or record.hash_type != "S" or record.range_key:
        return ""
    text: str = attributes[record.hash_key]["S"]
    return text
