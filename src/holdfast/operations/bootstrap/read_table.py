"""Reading the lock table."""

from typing import Any

from holdfast.client.connect import Connection
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Thing, foreign_tags
from holdfast.operations.bootstrap.arns import key_call, table_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.desired import MARK, Desired
from holdfast.operations.bootstrap.refusals import NotAvailable

_GONE = {"ResourceNotFoundException", "TableNotFoundException"}
_LOOKED_AT = 100  # items


def read_table(connection: Connection, desired: Desired) -> Thing | None:
    """Return the lock table, if it is wanted and exists.

    Raises:
        NotAvailable: the endpoint has no DynamoDB.
    """
    name = desired.table_name
    if name is None:
        return None
    call = table_call(f"look at the table {name}", "DescribeTable", name)
    answer = ask(call, lambda: connection.dynamodb.describe_table(TableName=name), _GONE)
    if answer is NOT_OFFERED:
        raise NotAvailable(
            "this endpoint has no DynamoDB", "Lock with files in the bucket: --lock lockfile"
        )
    if answer is None or answer["Table"]["TableStatus"] == "DELETING":
        return None
    return _table(connection, desired, answer["Table"])


def _table(connection: Connection, desired: Desired, found: Any) -> Thing:
    name, arn = found["TableName"], found["TableArn"]
    said = _tags(connection, name, arn)
    tags: dict[str, str] = {} if said is NOT_OFFERED else said
    settings: dict[str, Any] = {
        "table.tags": said,
        "table.billing": found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "table.encryption": _encryption(connection, found.get("SSEDescription", {})),
        "table.recovery": _recovery(connection, name),
        "table.protection": bool(found.get("DeletionProtectionEnabled", False)),
    }
    unusable = _unusable(name, found)
    foreign: list[str] = []
    if tags.get(MARK[0]) != MARK[1] and not unusable:
        foreign = foreign_tags(tags, desired.all_tags)
        foreign += _other_items(connection, name)
    return Thing(name, arn, settings, tags, tuple(foreign), unusable)


def _unusable(name: str, found: Any) -> str:
    schema = [(part["AttributeName"], part["KeyType"]) for part in found["KeySchema"]]
    kinds = {part["AttributeName"]: part["AttributeType"] for part in found["AttributeDefinitions"]}
    if schema == [("LockID", "HASH")] and kinds.get("LockID") == "S":
        return ""
    key = ", ".join(f"{attribute} ({kind})" for attribute, kind in schema)
    return f"the table {name} has the key {key}; Terraform needs LockID, a string, alone"


def _encryption(connection: Connection, found: Any) -> Any:
    """Return `aws-owned`, `aws-managed`, or the ARN of a key of the customer."""
    if found.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        return "aws-owned"
    key = found.get("KMSMasterKeyArn", "")
    call = key_call(f"look at the key {key}", "DescribeKey", key)
    answer = ask(call, lambda: connection.kms.describe_key(KeyId=key), {"NotFoundException"})
    managed = answer and answer is not NOT_OFFERED and answer["KeyMetadata"]["KeyManager"] == "AWS"
    return "aws-managed" if managed else key


def _recovery(connection: Connection, name: str) -> Any:
    call = table_call(f"read the backups of table {name}", "DescribeContinuousBackups", name)
    answer = ask(call, lambda: connection.dynamodb.describe_continuous_backups(TableName=name))
    if answer is NOT_OFFERED:
        return answer
    backups = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return backups.get("PointInTimeRecoveryStatus") == "ENABLED"


def _tags(connection: Connection, name: str, arn: str) -> Any:
    call = table_call(f"read the tags of table {name}", "ListTagsOfResource", name)
    pages = connection.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    answer = ask(call, pages.build_full_result)
    if answer is NOT_OFFERED:
        return answer
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _other_items(connection: Connection, name: str) -> list[str]:
    """Return what there is, among the first items, that is neither a lock nor a digest."""
    call = table_call(f"look into the table {name}", "Scan", name)
    answer = ask(call, lambda: connection.dynamodb.scan(TableName=name, Limit=_LOOKED_AT))
    strange = (item for item in answer["Items"] if not set(item) <= {"LockID", "Info", "Digest"})
    return [f"item {item['LockID']['S']}" for item in strange][:5]
