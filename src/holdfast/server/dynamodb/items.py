"""GetItem, PutItem, UpdateItem and DeleteItem."""

from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.capacity import read_units, with_consumed, write_units
from holdfast.server.dynamodb.expressions.paths import pick
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.refusals import condition_failed, invalid, rule_refused
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.dynamodb.values import Attributes
from holdfast.server.dynamodb.watched import watched
from holdfast.server.dynamodb.writes import (
    ConditionFailed,
    ItemRefused,
    Outcome,
    Write,
    carry_out,
    plan_delete,
    plan_put,
    plan_update,
)
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("GetItem", brief=True)
def get_item(tx: Snapshot, params: Params) -> Result:
    """Return an item, or nothing."""
    expressions = Expressions(params, "ProjectionExpression")
    projection = expressions.projection()
    expressions.finish()
    table = open_table(tx, params["TableName"])
    key, _ = keys.of_key(table.record, params["Key"])
    record = table.find(tx, key)
    result: dict[str, Any] = {}
    attributes = _shown(tx, table, params)
    if attributes is None and record is not None:
        attributes = table.attributes(record)
    if attributes is not None:
        result["Item"] = attributes if projection is None else pick(projection, attributes)
    size = 0 if record is None else record.size
    units = read_units(size, consistent=params.get("ConsistentRead", False))
    return with_consumed(result, params, table.record.name, units)


@operation("PutItem", writes=True, brief=True)
def put_item(tx: Transaction, params: Params) -> Result:
    """Write an item, whole."""
    returns = _old_or_none(params)
    write = plan_put(open_table(tx, params["TableName"]), params)
    return _answer(params, returns, write, _done(tx, write, want_before=returns == "ALL_OLD"))


@operation("DeleteItem", writes=True, brief=True)
def delete_item(tx: Transaction, params: Params) -> Result:
    """Remove an item, if it is there."""
    returns = _old_or_none(params)
    write = plan_delete(open_table(tx, params["TableName"]), params)
    return _answer(params, returns, write, _done(tx, write, want_before=returns == "ALL_OLD"))


@operation("UpdateItem", writes=True, brief=True)
def update_item(tx: Transaction, params: Params) -> Result:
    """Change attributes of an item, or make it."""
    returns: str = params.get("ReturnValues", "NONE")
    write = plan_update(open_table(tx, params["TableName"]), params)
    return _answer(params, returns, write, _done(tx, write))


def _old_or_none(params: Params) -> str:
    returns: str = params.get("ReturnValues", "NONE")
    if returns not in ("NONE", "ALL_OLD"):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")
    return returns


def _shown(tx: Snapshot, table: OpenTable, params: Params) -> Attributes | None:
    """Return what the rules show instead of what is stored; None: what is stored."""
    key = watched(table, params["Key"])
    shown = tx.rules.shown_item(tx, table.record.name, key) if key else None
    return None if shown is None else dict(shown)


def _done(tx: Transaction, write: Write, *, want_before: bool = False) -> Outcome | ServiceError:
    try:
        return carry_out(tx, write, want_before=want_before)
    except ConditionFailed as failed:
        raise condition_failed(failed.item) from None
    except ItemRefused as refused:
        return rule_refused(refused.refusal)


def _answer(params: Params, returns: str, write: Write, outcome: Outcome | ServiceError) -> Result:
    if isinstance(outcome, ServiceError):
        return outcome
    attributes = _returned(returns, write, outcome)
    result: dict[str, Any] = {"Attributes": attributes} if attributes else {}
    units = write_units(outcome.size_before, outcome.size_after)
    return with_consumed(result, params, write.table.record.name, units)


def _returned(returns: str, write: Write, outcome: Outcome) -> Attributes | None:
    if returns == "NONE":
        return None
    source = outcome.before if returns.endswith("OLD") else outcome.after
    if source is None or returns.startswith("ALL"):
        return source
    return pick(write.touched or {}, source)
