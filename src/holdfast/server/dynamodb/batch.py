"""BatchGetItem and BatchWriteItem."""

from collections.abc import Mapping
from typing import Any

from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.capacity import consumed, read_units, write_units
from holdfast.server.dynamodb.expressions.paths import PathTree, pick
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.refusals import invalid, rule_refused
from holdfast.server.dynamodb.storage import OpenTable, open_table
from holdfast.server.dynamodb.values import Attributes
from holdfast.server.dynamodb.writes import (
    ItemRefused,
    Outcome,
    Write,
    carry_out,
    plan_delete,
    plan_put,
)
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

MAX_GETS = 100
MAX_WRITES = 25
MAX_ANSWER_BYTES = 16 << 20
_DUPLICATES = "Provided list of item keys contains duplicates"


@operation("BatchGetItem")
def batch_get_item(tx: Snapshot, params: Params) -> Result:
    """Return up to a hundred items of any tables; what does not fit comes back as unprocessed."""
    requests: Mapping[str, Any] = params["RequestItems"]
    if sum(len(request["Keys"]) for request in requests.values()) > MAX_GETS:
        raise invalid("Too many items requested for the BatchGetItem call")
    if not any(request["Keys"] for request in requests.values()):
        raise invalid(
            "The batch get request list for a table cannot be null or empty"
            if requests
            else "The requestItems parameter is required for BatchGetItem"
        )
    room = MAX_ANSWER_BYTES
    result: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}}
    reports = []
    for name, request in requests.items():
        answer = _get_from(tx, name, request, room)
        room -= answer.size
        result["Responses"][name] = answer.items
        if answer.left:
            result["UnprocessedKeys"][name] = {**request, "Keys": answer.left}
        reports.append(consumed(params, answer.table, answer.units))
    return _with_reports(result, reports)


class _Answer:
    """The items of one table."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.items: list[Attributes] = []
        self.left: list[Any] = []
        self.size = 0
        self.units = 0.0


def _get_from(tx: Snapshot, name: str, request: Mapping[str, Any], room: int) -> _Answer:
    expressions = Expressions(request, "ProjectionExpression")
    projection = expressions.projection()
    expressions.finish()
    consistent = request.get("ConsistentRead", False)
    table = open_table(tx, name)
    answer = _Answer(table.record.name)
    seen: set[ItemKey] = set()
    for given in request["Keys"]:
        key, _ = keys.of_key(table.record, given)
        if key in seen:
            raise invalid(_DUPLICATES)
        seen.add(key)
        record = None if answer.left else table.find(tx, key)
        size = 0 if record is None else record.size
        if answer.left or answer.size + size > room:
            answer.left.append(given)
            continue
        answer.size += size
        answer.units += read_units(size, consistent=consistent)
        if record is not None:
            answer.items.append(_projected(table.attributes(record), projection))
    return answer


def _projected(attributes: Attributes, projection: PathTree | None) -> Attributes:
    return attributes if projection is None else pick(projection, attributes)


@operation("BatchWriteItem", writes=True)
def batch_write_item(tx: Transaction, params: Params) -> Result:
    """Put and delete up to 25 items of any tables, here all together or not at all."""
    requests: Mapping[str, Any] = params["RequestItems"]
    if sum(map(len, requests.values())) > MAX_WRITES:
        raise invalid("Too many items requested for the BatchWriteItem call")
    if not requests or not all(requests.values()):
        raise invalid(
            "The batch write request list for a table cannot be null or empty"
            if requests
            else "The requestItems parameter is required for BatchWriteItem"
        )
    planned = [
        (name, _plan(open_table(tx, name), name_requests))
        for name, name_requests in requests.items()
    ]
    reports = []
    for _, writes in planned:
        units = 0.0
        for write in writes:
            outcome = _done(tx, write)
            units += write_units(outcome.size_before, outcome.size_after)
        reports.append(consumed(params, writes[0].table.record.name, units))
    return _with_reports({"UnprocessedItems": {}}, reports)


def _done(tx: Transaction, write: Write) -> Outcome:
    try:
        return carry_out(tx, write)
    except ItemRefused as refused:
        raise rule_refused(refused.refusal) from None


def _plan(table: OpenTable, requests: list[Mapping[str, Any]]) -> list[Write]:
    writes = []
    seen: set[ItemKey] = set()
    for request in requests:
        if len(request) != 1:
            raise invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
                "of the supported datatypes"
            )
        put = request.get("PutRequest")
        write = (
            plan_put(table, put, keys.of_batch_item)
            if put
            else plan_delete(table, request["DeleteRequest"])
        )
        if write.key in seen:
            raise invalid(_DUPLICATES)
        seen.add(write.key)
        writes.append(write)
    return writes


def _with_reports(result: dict[str, Any], reports: list[dict[str, Any] | None]) -> dict[str, Any]:
    if any(reports):
        result["ConsumedCapacity"] = reports
    return result
