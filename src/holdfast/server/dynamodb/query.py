"""Query: the items of one hash key, in the order of their range keys."""

from collections.abc import Iterable, Iterator

from holdfast.engine.records import Item
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.expressions.attributes import mentioned
from holdfast.server.dynamodb.expressions.key_conditions import KeyRange, key_range
from holdfast.server.dynamodb.expressions.nodes import Condition
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.paging import Page, answer, check_options, start_key
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.operation import Params, Result, Snapshot, operation


@operation("Query")
def query(tx: Snapshot, params: Params) -> Result:
    """Return a page of the items that a key condition selects."""
    expressions = Expressions(
        params, "FilterExpression", "KeyConditionExpression", "ProjectionExpression"
    )
    condition = expressions.condition("KeyConditionExpression")
    if condition is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
            "request."
        )
    chosen = expressions.condition("FilterExpression")
    projection = expressions.projection()
    expressions.finish()
    table = open_table(tx, params["TableName"])
    check_options(params)
    _require_no_keys(table, chosen)
    selected = key_range(table.record, condition)
    start = start_key(table, params)
    if start is not None:
        _require_inside(selected, start)
    forward = params.get("ScanIndexForward", True)
    records = _read(tx, table, selected, start, forward=forward)
    count_only = params.get("Select") == "COUNT"
    page = Page(table, params.get("Limit", 0), chosen, projection, count_only)
    return answer(page, records, params)


def _require_no_keys(table: OpenTable, chosen: Condition | None) -> None:
    if chosen is None:
        return
    used = mentioned(chosen)
    for name in keys.names(table.record):
        if name in used:
            raise invalid(
                "Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {name}"
            )


def _require_inside(selected: KeyRange, start: ItemKey) -> None:
    if start.hash != selected.hash:
        raise invalid(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
    if selected.interval.below(start.range) or selected.interval.above(start.range):
        raise invalid("The provided starting key does not match the range key predicate")


def _read(
    tx: Snapshot, table: OpenTable, selected: KeyRange, start: ItemKey | None, *, forward: bool
) -> Iterator[Item]:
    interval, prefix = selected.interval, (table.record.table_id, selected.hash)
    bound = interval.low if forward else interval.high
    records: Iterable[Item]
    if start is not None:
        records = tx.scan(Item, *prefix, after=(start.range,), reverse=not forward)
    elif bound:
        records = tx.scan(Item, *prefix, start=(bound,), reverse=not forward)
    else:
        records = tx.scan(Item, *prefix, reverse=not forward)
    outside = interval.below if forward else interval.above  # only the bound itself, if open
    passed = interval.above if forward else interval.below
    for record in records:
        if passed(record.range):
            return
        if not outside(record.range):
            yield record
