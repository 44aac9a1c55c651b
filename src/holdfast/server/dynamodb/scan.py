"""Scan: all items of a table, a page at a time, perhaps one segment of several."""

from collections.abc import Iterator
from zlib import crc32

from holdfast.engine.records import Item
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.paging import Page, answer, check_options, start_key
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.operation import Params, Result, Snapshot, operation


@operation("Scan")
def scan(tx: Snapshot, params: Params) -> Result:
    """Return a page of the items of a table, in no particular order."""
    expressions = Expressions(params, "FilterExpression", "ProjectionExpression")
    chosen = expressions.condition("FilterExpression")
    projection = expressions.projection()
    expressions.finish()
    segment, segments = _segment(params)
    table = open_table(tx, params["TableName"])
    check_options(params)
    start = start_key(table, params)
    if start is not None and not _belongs(start.hash, segment, segments):
        raise invalid(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
            f"ExclusiveStartKey with correct Segment. TotalSegments: {segments} Segment: {segment}"
        )
    records = _read(tx, table, start, segment, segments)
    count_only = params.get("Select") == "COUNT"
    page = Page(table, params.get("Limit", 0), chosen, projection, count_only)
    return answer(page, records, params)


def _segment(params: Params) -> tuple[int, int]:
    segment, segments = params.get("Segment"), params.get("TotalSegments")
    if segments is None and segment is None:
        return 0, 1
    if segments is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when "
            "Segment parameter is present"
        )
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present"
        )
    if segment >= segments:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {segments}"
        )
    return segment, segments


def _belongs(hashed: bytes, segment: int, segments: int) -> bool:
    return segments == 1 or crc32(hashed) % segments == segment


def _read(
    tx: Snapshot, table: OpenTable, start: ItemKey | None, segment: int, segments: int
) -> Iterator[Item]:
    after = () if start is None else tuple(start)
    for record in tx.scan(Item, table.record.table_id, after=after):
        if _belongs(record.hash, segment, segments):
            yield record
