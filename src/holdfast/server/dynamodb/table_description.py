"""What AWS tells of a table."""

from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Item, Table
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.data_keys import KEY_ARN, open_data_key
from holdfast.server.dynamodb.names import table_arn
from holdfast.server.operation import Snapshot

# AWS counts about every six hours. We count on each call, exactly up to these.
_COUNTED_ITEMS = 10_000
_COUNTED_BYTES = 64 << 20
# What AWS reports for a table on demand that never had more traffic.
_WARM_READS, _WARM_WRITES = 12_000, 4_000


def table_id(table: Table) -> str:
    """Return the table's id as AWS writes it."""
    text = table.table_id.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def describe(tx: Snapshot, table: Table, status: str = "ACTIVE") -> dict[str, Any]:
    """Return a TableDescription.

    Args:
        tx: the transaction under way.
        table: the table.
        status: the TableStatus to report.
    """
    count, size = (0, 0) if status == "DELETING" else _count(tx, table)
    settings = table.settings
    described: dict[str, Any] = {
        "TableName": table.name,
        "TableArn": table_arn(tx.site, table.name),
        "TableId": table_id(table),
        "TableStatus": status,
        "CreationDateTime": table.created,
        "KeySchema": _schema(table),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in sorted(keys.types(table).items())
        ],
        "ProvisionedThroughput": _throughput(table),
        "ItemCount": count,
        "TableSizeBytes": size,
        "DeletionProtectionEnabled": settings.get("DeletionProtectionEnabled", False),
        "WarmThroughput": _warm(table),
    }
    for name in ("BillingModeSummary", "TableClassSummary", "OnDemandThroughput"):
        if name in settings:
            described[name] = settings[name]
    if KEY_ARN in settings:
        _describe_encryption(tx, table, described)
    return described


def _schema(table: Table) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(keys.names(table), kinds, strict=False)
    ]


def _throughput(table: Table) -> dict[str, Any]:
    present = table.settings.get("ProvisionedThroughput", {})
    described = {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": present.get("ReadCapacityUnits", 0),
        "WriteCapacityUnits": present.get("WriteCapacityUnits", 0),
    }
    for name in ("LastIncreaseDateTime", "LastDecreaseDateTime"):
        if name in present:
            described[name] = present[name]
    return described


def _warm(table: Table) -> dict[str, Any]:
    present = table.settings.get("ProvisionedThroughput")
    reads, writes = _WARM_READS, _WARM_WRITES
    if present:
        reads, writes = present["ReadCapacityUnits"], present["WriteCapacityUnits"]
    asked = table.settings.get("WarmThroughput", {})
    return {
        "ReadUnitsPerSecond": max(reads, asked.get("ReadUnitsPerSecond", 0)),
        "WriteUnitsPerSecond": max(writes, asked.get("WriteUnitsPerSecond", 0)),
        "Status": "ACTIVE",
    }


def _describe_encryption(tx: Snapshot, table: Table, described: dict[str, Any]) -> None:
    sse = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": table.settings[KEY_ARN]}
    described["SSEDescription"] = sse
    if described["TableStatus"] != "ACTIVE":
        return
    try:
        open_data_key(tx, table)
    except ServiceError:
        sse["InaccessibleEncryptionDateTime"] = tx.now
        described["TableStatus"] = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"


def _count(tx: Snapshot, table: Table) -> tuple[int, int]:
    count = size = 0
    for item in tx.scan(Item, table.table_id, limit=_COUNTED_ITEMS):
        count += 1
        size += item.size
        if size > _COUNTED_BYTES:
            break
    return count, size
