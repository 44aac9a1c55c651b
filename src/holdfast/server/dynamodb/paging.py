"""What Query and Scan share: options, the items of one page, and the answer."""

from collections.abc import Iterable
from typing import Any

import msgspec

from holdfast.engine.records import Item
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.capacity import read_units, with_consumed
from holdfast.server.dynamodb.expressions.conditions import holds
from holdfast.server.dynamodb.expressions.nodes import Condition
from holdfast.server.dynamodb.expressions.paths import PathTree, pick
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import OpenTable, key_attributes
from holdfast.server.dynamodb.values import Attributes
from holdfast.server.operation import Params

PAGE_BYTES = 1 << 20


class Page(msgspec.Struct, frozen=True):
    """What a query or scan does with the items it reads."""

    table: OpenTable
    limit: int  # of items read; 0 for none
    filter: Condition | None
    projection: PathTree | None
    count_only: bool


def check_options(params: Params) -> None:
    """Check the options that Query and Scan have in common.

    Raises:
        ServiceError: ValidationException.
    """
    select = params.get("Select")
    if "IndexName" in params:
        raise invalid(f"The table does not have the specified index: {params['IndexName']}")
    projected = "ProjectionExpression" in params
    if select == "ALL_PROJECTED_ATTRIBUTES":
        raise invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if select == "SPECIFIC_ATTRIBUTES" and not projected:
        raise invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES"
        )
    if projected and select in ("ALL_ATTRIBUTES", "COUNT"):
        what = "ALL_ATTRIBUTES" if select == "ALL_ATTRIBUTES" else "only the Count"
        raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {what}")


def start_key(table: OpenTable, params: Params) -> ItemKey | None:
    """Return the ExclusiveStartKey, encoded, or None.

    Raises:
        ServiceError: ValidationException: it is no key of the table.
    """
    given = params.get("ExclusiveStartKey")
    if given is None:
        return None
    schema = keys.types(table.record)
    if given.keys() != schema.keys() or any(
        schema[name] not in value for name, value in given.items()
    ):
        raise invalid(
            "The provided starting key is invalid: "
            "The provided key element does not match the schema"
        )
    return keys.of_key(table.record, given)[0]


def answer(page: Page, records: Iterable[Item], params: Params) -> dict[str, Any]:
    """Read items until the page is full, and return the result.

    Args:
        page: what to do with them.
        records: the items in reading order.
        params: the request.
    """
    found: list[Attributes] = []
    count = scanned = size = 0
    last: Attributes | None = None
    for record in records:
        attributes = page.table.attributes(record)
        scanned += 1
        size += record.size
        if page.filter is None or holds(page.filter, attributes):
            count += 1
            if not page.count_only:
                tree = page.projection
                found.append(attributes if tree is None else pick(tree, attributes))
        if scanned == page.limit or size >= PAGE_BYTES:
            last = key_attributes(page.table.record, attributes)
            break
    result: dict[str, Any] = {"Count": count, "ScannedCount": scanned}
    if not page.count_only:
        result["Items"] = found
    if last is not None:
        result["LastEvaluatedKey"] = last
    units = read_units(size, consistent=params.get("ConsistentRead", False))
    return with_consumed(result, params, page.table.record.name, units)
