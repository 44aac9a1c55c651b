"""What has to be allowed for each operation of DynamoDB.

Source: "Actions, resources, and condition keys for Amazon DynamoDB" of the service authorization
reference, and "Using IAM policy conditions for fine-grained access control" of the developer guide.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.server.access.asked import Asked, Need, tag_values
from holdfast.server.access.item_values import (
    Item,
    leading_key_of_query,
    leading_keys,
    of_attributes,
)
from holdfast.server.access.known import Later
from holdfast.server.access.policies.patterns import Values

_TABLE = (
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
)
_TAGGING = ("ListTagsOfResource", "TagResource", "UntagResource")
_NONE = ("DescribeEndpoints", "DescribeLimits", "ListTables")
_ITEM = ("DeleteItem", "GetItem", "PutItem", "UpdateItem")
_PART = {  # what a part of a transaction is called by itself
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def needs(asked: Asked) -> list[Need]:
    """Return all that has to be allowed for a request to DynamoDB."""
    return _RULES[asked.operation](asked)


def _on_table(asked: Asked) -> list[Need]:
    return [_need(asked, asked.operation, asked.params["TableName"])]


def _on_none(asked: Asked) -> list[Need]:
    return [_need(asked, asked.operation, "*")]


def _create_table(asked: Asked) -> list[Need]:
    values, name = tag_values(asked.params), asked.params["TableName"]
    actions = ("CreateTable", "TagResource") if "Tags" in asked.params else ("CreateTable",)
    return [_need(asked, action, name, values) for action in actions]


def _tagging(asked: Asked) -> list[Need]:
    action, arn = f"dynamodb:{asked.operation}", asked.params["ResourceArn"]
    return [Need(action, arn, tag_values(asked.params))]


def _on_item(asked: Asked) -> list[Need]:
    return [_item_need(asked, asked.operation, asked.params, reads=asked.operation == "GetItem")]


def _item_need(asked: Asked, action: str, request: Mapping[str, Any], *, reads: bool) -> Need:
    items = [request.get("Item", request.get("Key", {}))]
    return _items_need(asked, action, request["TableName"], items, request, reads=reads)


def _items_need(
    asked: Asked,
    action: str,
    table: str,
    items: Sequence[Item],
    request: Mapping[str, Any],
    *,
    reads: bool,
) -> Need:
    values = leading_keys(asked.reader, table, items)
    later = Later(lambda: of_attributes(items, request, reads=reads))
    return _need(asked, action, table, values, later)


def _query(asked: Asked) -> list[Need]:
    params = asked.params
    values = leading_key_of_query(asked.reader, params["TableName"], params)
    later = Later(lambda: of_attributes([], params, reads=True))
    return [_need(asked, "Query", _indexed(params), values, later)]


def _scan(asked: Asked) -> list[Need]:
    params = asked.params
    later = Later(lambda: of_attributes([], params, reads=True))
    return [_need(asked, "Scan", _indexed(params), None, later)]


def _indexed(params: Mapping[str, Any]) -> str:
    name: str = params["TableName"]
    return f"{name}/index/{params['IndexName']}" if "IndexName" in params else name


def _batch_get(asked: Asked) -> list[Need]:
    return [
        _items_need(asked, "BatchGetItem", name, request.get("Keys", []), request, reads=True)
        for name, request in asked.params["RequestItems"].items()
    ]


def _batch_write(asked: Asked) -> list[Need]:
    found = []
    for name, requests in asked.params["RequestItems"].items():
        items = [
            part.get("Item", part.get("Key", {})) for entry in requests for part in entry.values()
        ]
        found.append(_items_need(asked, "BatchWriteItem", name, items, {}, reads=False))
    return found


def _transact(asked: Asked) -> list[Need]:
    return [
        _item_need(asked, _PART[kind], request, reads=kind == "Get")
        for entry in asked.params["TransactItems"]
        for kind, request in entry.items()
    ]


def _need(
    asked: Asked,
    action: str,
    table: str,
    values: Values | None = None,
    later: Later | None = None,
) -> Need:
    """Return a need for a table, which may be given by its ARN: only this account has any."""
    arn = asked.arn("dynamodb", f"table/{table.rpartition(':table/')[2]}")
    return Need(f"dynamodb:{action}", arn, values or {}, later=later)


_RULES: Mapping[str, Callable[[Asked], list[Need]]] = {
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    "CreateTable": _create_table,
    "Query": _query,
    "Scan": _scan,
    "TransactGetItems": _transact,
    "TransactWriteItems": _transact,
    **dict.fromkeys(_ITEM, _on_item),
    **dict.fromkeys(_NONE, _on_none),
    **dict.fromkeys(_TABLE, _on_table),
    **dict.fromkeys(_TAGGING, _tagging),
}
OPERATIONS = frozenset(_RULES)
