"""TransactGetItems and TransactWriteItems: all of it or nothing."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.capacity import consumed, read_units, write_units
from holdfast.server.dynamodb.client_tokens import seen_before
from holdfast.server.dynamodb.expressions.paths import pick
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.keys import ItemKey, KeyMismatch
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.dynamodb.values import Attributes
from holdfast.server.dynamodb.writes import (
    ConditionFailed,
    ItemRefused,
    Write,
    carry_out,
    plan_delete,
    plan_put,
    plan_update,
)
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

MAX_BYTES = 4 << 20
_ONCE = "Transaction request cannot include multiple operations on one item"
_CANCELLED = (
    "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
)
_Reason = dict[str, Any]
_FINE: _Reason = {"Code": "None"}
_Place = tuple[bytes, ItemKey]  # table id and key


@operation("TransactGetItems")
def transact_get_items(tx: Snapshot, params: Params) -> Result:
    """Return up to a hundred items as they were at one moment."""
    requests = [entry["Get"] for entry in _actions(params)]
    tables = {request["TableName"]: open_table(tx, request["TableName"]) for request in requests}
    found = [_get(tx, tables[request["TableName"]], request) for request in requests]
    _require_once(one.place for one in found if isinstance(one, _Found))
    _cancel_if_any([_refused(one) if isinstance(one, KeyMismatch) else _FINE for one in found])
    units, size = dict.fromkeys(tables, 0.0), 0
    responses: list[dict[str, Any]] = []
    for request, one in zip(requests, found, strict=True):
        if isinstance(one, _Found):
            units[request["TableName"]] += 2 * read_units(one.size, consistent=True)
            size += one.size
            responses.append({} if one.item is None else {"Item": one.item})
    _require_total(size)
    return _result(params, {"Responses": responses}, tables, units, "ReadCapacityUnits")


class _Found(NamedTuple):
    """What there is for a Get."""

    place: _Place
    item: Attributes | None
    size: int


def _get(tx: Snapshot, table: OpenTable, request: Mapping[str, Any]) -> _Found | KeyMismatch:
    expressions = Expressions(request, "ProjectionExpression")
    projection = expressions.projection()
    expressions.finish()
    try:
        key, _ = keys.of_key(table.record, request["Key"])
    except KeyMismatch as mismatch:
        return mismatch
    place = (table.record.table_id, key)
    record = table.find(tx, key)
    if record is None:
        return _Found(place, None, 0)
    item = table.attributes(record)
    return _Found(place, item if projection is None else pick(projection, item), record.size)


@operation("TransactWriteItems", writes=True)
def transact_write_items(tx: Transaction, params: Params) -> Result:
    """Do up to a hundred writes and checks together, once for each client token."""
    entries = _actions(params)
    tables: dict[str, OpenTable] = {}
    planned = [_plan(tx, tables, entry) for entry in entries]
    writes = [write for write in planned if isinstance(write, Write)]
    _require_once((write.table.record.table_id, write.key) for write in writes)
    _require_total(sum(write.size for write in writes))
    token = params.get("ClientRequestToken")
    if token is not None and seen_before(tx, token, entries):
        units = _units_again(tx, tables, entries, planned)
        return _result(params, {}, tables, units, "ReadCapacityUnits")
    units = dict.fromkeys(tables, 0.0)
    reasons: list[_Reason] = []
    for entry, write in zip(entries, planned, strict=True):
        reason, spent = _attempt(tx, write)
        reasons.append(reason)
        units[_only(entry)["TableName"]] += spent
    _cancel_if_any(reasons)
    return _result(params, {}, tables, units, "WriteCapacityUnits")


def _units_again(
    tx: Snapshot,
    tables: Mapping[str, OpenTable],
    entries: list[Mapping[str, Any]],
    planned: list[Write | KeyMismatch],
) -> dict[str, float]:
    """Return the units of a repetition: those for reading the items."""
    units = dict.fromkeys(tables, 0.0)
    for entry, write in zip(entries, planned, strict=True):
        record = write.table.find(tx, write.key) if isinstance(write, Write) else None
        size = 0 if record is None else record.size
        units[_only(entry)["TableName"]] += 2 * read_units(size, consistent=True)
    return units


def _refused(error: ServiceError) -> _Reason:
    return {"Code": "ValidationError", "Message": error.message}


def _cancel_if_any(reasons: list[_Reason]) -> None:
    if all(reason["Code"] == "None" for reason in reasons):
        return
    codes = ", ".join(reason["Code"] for reason in reasons)
    raise ServiceError(
        "TransactionCanceledException",
        _CANCELLED.format(codes=codes),
        CancellationReasons=reasons,
    )


def _require_once(places: Iterable[_Place]) -> None:
    listed = list(places)
    if len(set(listed)) < len(listed):
        raise invalid(_ONCE)


def _actions(params: Params) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = params["TransactItems"]
    if any(len(entry) != 1 for entry in entries):
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    return entries


def _only(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(iter(entry.values()))
    return found


def _plan(
    tx: Snapshot, tables: dict[str, OpenTable], entry: Mapping[str, Any]
) -> Write | KeyMismatch:
    ((kind, request),) = entry.items()
    name = request["TableName"]
    if name not in tables:
        tables[name] = open_table(tx, name)
    table = tables[name]
    try:
        if kind == "Put":
            return plan_put(table, request)
        if kind == "Update":
            return plan_update(table, request)
        return plan_delete(table, request, deletes=kind == "Delete")
    except KeyMismatch as mismatch:
        return mismatch


def _attempt(tx: Transaction, write: Write | KeyMismatch) -> tuple[_Reason, float]:
    """Do a write. When a later one fails all are undone, since the whole transaction is."""
    if isinstance(write, KeyMismatch):
        return _refused(write), 0
    try:
        outcome = carry_out(tx, write)
    except ConditionFailed as failed:
        reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        if failed.item is not None:
            return {**reason, "Item": failed.item}, 0
        return reason, 0
    except ItemRefused as refused:
        return {"Code": "ConditionalCheckFailed", "Message": refused.refusal.message}, 0
    except ServiceError as error:
        if error.code != "ValidationException":
            raise
        return _refused(error), 0
    return _FINE, 2 * write_units(outcome.size_before, outcome.size_after)


def _require_total(size: int) -> None:
    if size > MAX_BYTES:
        raise invalid("The aggregate size of items in the transaction exceeds 4 MB")


def _result(
    params: Params,
    result: dict[str, Any],
    tables: Mapping[str, OpenTable],
    units: Mapping[str, float],
    sort: str,
) -> dict[str, Any]:
    reports = [
        consumed(params, table.record.name, units[name], sort) for name, table in tables.items()
    ]
    if any(reports):
        result["ConsumedCapacity"] = reports
    return result
