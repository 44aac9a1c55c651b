"""TransactGetItems and TransactWriteItems: all of it or nothing."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.capacity import consumed, read_units, wanted, write_units
from holdfast.server.dynamodb.client_tokens import seen_before
from holdfast.server.dynamodb.expressions.paths import pick
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.refusals import constraint, invalid
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.dynamodb.writes import (
    ConditionFailed,
    Write,
    carry_out,
    plan_delete,
    plan_put,
    plan_update,
)
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

MAX_ACTIONS = 100
MAX_BYTES = 4 << 20
_ONCE = "Transaction request cannot include multiple operations on one item"
_CANCELLED = (
    "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
)
_Reason = dict[str, Any]


@operation("TransactGetItems")
def transact_get_items(tx: Snapshot, params: Params) -> Result:
    """Return up to a hundred items as they were at one moment."""
    wanted(params)
    requests = [entry["Get"] for entry in _actions(params)]
    tables = {request["TableName"]: open_table(tx, request["TableName"]) for request in requests}
    responses: list[dict[str, Any]] = []
    units, size = dict.fromkeys(tables, 0.0), 0
    for request in requests:
        expressions = Expressions(request, "ProjectionExpression")
        projection = expressions.projection()
        expressions.finish()
        table = tables[request["TableName"]]
        record = table.find(tx, keys.of_key(table.record, request["Key"])[0])
        units[request["TableName"]] += 2 * read_units(
            0 if record is None else record.size, consistent=True
        )
        if record is None:
            responses.append({})
            continue
        size += record.size
        item = table.attributes(record)
        responses.append({"Item": item if projection is None else pick(projection, item)})
    _require_total(size)
    return _result(params, {"Responses": responses}, tables, units, "ReadCapacityUnits")


@operation("TransactWriteItems", writes=True)
def transact_write_items(tx: Transaction, params: Params) -> Result:
    """Do up to a hundred writes and checks together, once for each client token."""
    wanted(params)
    entries = _actions(params)
    tables: dict[str, OpenTable] = {}
    planned = [_plan(tx, tables, entry) for entry in entries]
    if len({(write.table.record.table_id, write.key) for write in planned}) < len(planned):
        raise invalid(_ONCE)
    _require_total(sum(write.size for write in planned))
    token = params.get("ClientRequestToken")
    if token is not None and seen_before(tx, token, entries):
        again = dict.fromkeys(tables, 0.0)
        return _result(params, {}, tables, again, "ReadCapacityUnits")
    units = dict.fromkeys(tables, 0.0)
    reasons: list[_Reason] = []
    for entry, write in zip(entries, planned, strict=True):
        reason, spent = _attempt(tx, write)
        reasons.append(reason)
        units[_only(entry)["TableName"]] += spent
    if any(reason["Code"] != "None" for reason in reasons):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise ServiceError(
            "TransactionCanceledException",
            _CANCELLED.format(codes=codes),
            CancellationReasons=reasons,
        )
    return _result(params, {}, tables, units, "WriteCapacityUnits")


def _actions(params: Params) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = params["TransactItems"]
    if not entries:
        rule = "Member must have length greater than or equal to 1"
        raise constraint("[]", "transactItems", rule)
    if len(entries) > MAX_ACTIONS:
        rule = f"Member must have length less than or equal to {MAX_ACTIONS}"
        raise constraint(f"[{len(entries)} members]", "transactItems", rule)
    if any(len(entry) != 1 for entry in entries):
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    return entries


def _only(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(iter(entry.values()))
    return found


def _plan(tx: Snapshot, tables: dict[str, OpenTable], entry: Mapping[str, Any]) -> Write:
    ((kind, request),) = entry.items()
    name = request["TableName"]
    if name not in tables:
        tables[name] = open_table(tx, name)
    table = tables[name]
    if kind == "Put":
        return plan_put(table, request)
    if kind == "Update":
        return plan_update(table, request)
    return plan_delete(table, request, deletes=kind == "Delete")


def _attempt(tx: Transaction, write: Write) -> tuple[_Reason, float]:
    """Do a write. When a later one fails all are undone, since the whole transaction is."""
    try:
        outcome = carry_out(tx, write)
    except ConditionFailed as failed:
        reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        if failed.item is not None:
            return {**reason, "Item": failed.item}, 0
        return reason, 0
    except ServiceError as error:
        if error.code != "ValidationException":
            raise
        return {"Code": "ValidationError", "Message": error.message}, 0
    return {"Code": "None"}, 2 * write_units(outcome.size_before, outcome.size_after)


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
