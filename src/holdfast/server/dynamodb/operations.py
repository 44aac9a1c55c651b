"""All DynamoDB operations that are served."""

from typing import Any

from holdfast.server.dynamodb.backups import (
    describe_continuous_backups,
    update_continuous_backups,
)
from holdfast.server.dynamodb.batch import batch_get_item, batch_write_item
from holdfast.server.dynamodb.items import delete_item, get_item, put_item, update_item
from holdfast.server.dynamodb.limits import describe_endpoints, describe_limits
from holdfast.server.dynamodb.query import query
from holdfast.server.dynamodb.scan import scan
from holdfast.server.dynamodb.tables import (
    create_table,
    delete_table,
    describe_table,
    list_tables,
    update_table,
)
from holdfast.server.dynamodb.tags import list_tags_of_resource, tag_resource, untag_resource
from holdfast.server.dynamodb.transactions import transact_get_items, transact_write_items
from holdfast.server.dynamodb.ttl import describe_time_to_live, update_time_to_live
from holdfast.server.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    batch_get_item,
    batch_write_item,
    create_table,
    delete_item,
    delete_table,
    describe_continuous_backups,
    describe_endpoints,
    describe_limits,
    describe_table,
    describe_time_to_live,
    get_item,
    list_tables,
    list_tags_of_resource,
    put_item,
    query,
    scan,
    tag_resource,
    transact_get_items,
    transact_write_items,
    untag_resource,
    update_continuous_backups,
    update_item,
    update_table,
    update_time_to_live,
)
