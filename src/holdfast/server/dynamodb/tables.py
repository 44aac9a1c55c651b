"""CreateTable, DescribeTable, UpdateTable, DeleteTable and ListTables."""

from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Garbage, Table
from holdfast.server.dynamodb.data_keys import KEY_ARN, new_data_key, open_data_key, seal_data_key
from holdfast.server.dynamodb.names import require_new_name, table_name
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import describe_table as named_table
from holdfast.server.dynamodb.table_description import describe
from holdfast.server.dynamodb.table_requests import (
    billing,
    encryption_key,
    key_schema,
    refuse_unsupported,
)
from holdfast.server.dynamodb.tag_lists import merged, require_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

MAX_LISTED = 100
_MICROS = 1_000_000


@operation("CreateTable", writes=True)
def create_table(tx: Transaction, params: Params) -> Result:
    """Make a table. It is active at once."""
    name = table_name(tx.site, params["TableName"])
    require_new_name(name)
    refuse_unsupported(params)
    schema = key_schema(params)
    settings = _new_settings(tx, params)
    tags = require_tags(params.get("Tags", []))
    if tx.get(Table, name) is not None:
        raise ServiceError("ResourceInUseException", f"Table already exists: {name}")
    table_id = _new_id(tx)
    reference = encryption_key(params.get("SSESpecification", {}))
    sealed, key_settings = seal_data_key(tx, table_id, new_data_key(tx), reference)
    table = Table(
        name=name,
        table_id=table_id,
        created=tx.now,
        hash_key=schema.hash_key,
        hash_type=schema.hash_type,
        range_key=schema.range_key,
        range_type=schema.range_type,
        data_key=sealed,
        settings={**settings, **key_settings},
        tags=merged({}, tags),
    )
    tx.put(table)
    return {"TableDescription": describe(tx, table)}


def _new_settings(tx: Snapshot, params: Params) -> dict[str, Any]:
    settings = billing(params, "PROVISIONED")
    if settings["BillingMode"] == "PROVISIONED":
        if "ProvisionedThroughput" not in settings:
            raise invalid(
                "One or more parameter values were invalid: ReadCapacityUnits and "
                "WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
            )
    else:
        settings["BillingModeSummary"] = _on_demand_since(tx)
    table_class = params.get("TableClass")
    if table_class:
        settings["TableClassSummary"] = {"TableClass": table_class}
    if "WarmThroughput" in params:
        settings["WarmThroughput"] = dict(params["WarmThroughput"])
    settings["DeletionProtectionEnabled"] = params.get("DeletionProtectionEnabled", False)
    return settings


def _on_demand_since(tx: Snapshot) -> dict[str, Any]:
    return {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": tx.now}


def _new_id(tx: Transaction) -> bytes:
    # A version 4 UUID, as AWS's are.
    raw = bytearray(tx.site.random(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


@operation("DescribeTable", brief=True)
def describe_table(tx: Snapshot, params: Params) -> Result:
    """Tell everything of a table."""
    return {"Table": describe(tx, named_table(tx, params["TableName"]))}


@operation("UpdateTable", writes=True)
def update_table(tx: Transaction, params: Params) -> Result:
    """Change billing, throughput, protection, encryption or class of a table."""
    refuse_unsupported(params)
    table = named_table(tx, params["TableName"])
    settings = dict(table.settings)
    if params.keys() <= {"TableName", "AttributeDefinitions"}:
        raise invalid(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    if params.keys() & {"BillingMode", "ProvisionedThroughput", "OnDemandThroughput"}:
        _update_billing(tx, settings, params)
    if "DeletionProtectionEnabled" in params:
        settings["DeletionProtectionEnabled"] = params["DeletionProtectionEnabled"]
    table_class = params.get("TableClass")
    if table_class:
        settings["TableClassSummary"] = {"TableClass": table_class, "LastUpdateDateTime": tx.now}
    if "WarmThroughput" in params:
        settings["WarmThroughput"] = dict(params["WarmThroughput"])
    data_key = table.data_key
    if "SSESpecification" in params:
        data_key, key_settings = seal_data_key(
            tx, table.table_id, open_data_key(tx, table), encryption_key(params["SSESpecification"])
        )
        settings.pop(KEY_ARN, None)
        settings.update(key_settings)
    table = msgspec.structs.replace(table, settings=settings, data_key=data_key)
    tx.put(table)
    return {"TableDescription": describe(tx, table)}


def _update_billing(tx: Transaction, settings: dict[str, Any], params: Params) -> None:
    before = settings["BillingMode"]
    asked = billing(params, before)
    if asked["BillingMode"] == "PAY_PER_REQUEST":
        settings.pop("ProvisionedThroughput", None)
        if before != "PAY_PER_REQUEST":
            settings["BillingModeSummary"] = _on_demand_since(tx)
        settings.update(asked)
        return
    present = settings.get("ProvisionedThroughput")
    wanted = asked.get("ProvisionedThroughput")
    if wanted is None:
        if present is None:
            raise invalid(
                "One or more parameter values were invalid: ProvisionedThroughput must be "
                "specified when BillingMode is PROVISIONED"
            )
        return
    if present is not None:
        _require_change(present, wanted)
        wanted |= _changed_at(tx, present, wanted)
    if "BillingModeSummary" in settings:
        summary = settings["BillingModeSummary"]
        settings["BillingModeSummary"] = {**summary, "BillingMode": "PROVISIONED"}
    settings.pop("OnDemandThroughput", None)
    settings.update(BillingMode="PROVISIONED", ProvisionedThroughput=wanted)


def _require_change(present: dict[str, Any], wanted: dict[str, Any]) -> None:
    parts = []
    for name in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if present[name] != wanted[name]:
            return
        parts.append(
            f"Current {name} provisioned for the table: {present[name]}. "
            f"Requested {name}: {wanted[name]}. "
        )
    raise invalid(
        "The provisioned throughput for the table will not change. The requested value equals the "
        f"current value. {''.join(parts)}"
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
        "higher limits."
    )


def _changed_at(tx: Snapshot, present: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    names = ("ReadCapacityUnits", "WriteCapacityUnits")
    stamps: dict[str, Any] = {
        name: present[name]
        for name in ("LastIncreaseDateTime", "LastDecreaseDateTime")
        if name in present
    }
    if any(wanted[name] > present[name] for name in names):
        stamps["LastIncreaseDateTime"] = tx.now
    if any(wanted[name] < present[name] for name in names):
        stamps["LastDecreaseDateTime"] = tx.now
    return stamps


@operation("DeleteTable", writes=True)
def delete_table(tx: Transaction, params: Params) -> Result:
    """Remove a table at once; its items go in the background."""
    table = named_table(tx, params["TableName"])
    if table.settings.get("DeletionProtectionEnabled"):
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    tx.drop(Table, table.name)
    tx.put(Garbage(at=int(tx.now.timestamp() * _MICROS), id=table.table_id, what="items"))
    described = describe(tx, table, "DELETING")
    gone = ("KeySchema", "AttributeDefinitions", "CreationDateTime", "WarmThroughput")
    return {"TableDescription": {k: v for k, v in described.items() if k not in gone}}


@operation("ListTables")
def list_tables(tx: Snapshot, params: Params) -> Result:
    """Return the names of tables, a page at a time, in order."""
    limit = params.get("Limit", MAX_LISTED)
    start = params.get("ExclusiveStartTableName")
    after = (start,) if start else ()
    names = [table.name for table in tx.scan(Table, after=after, limit=limit + 1)]
    if len(names) <= limit:
        return {"TableNames": names}
    return {"TableNames": names[:limit], "LastEvaluatedTableName": names[limit - 1]}
