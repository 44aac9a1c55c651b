"""Tables encrypted under KMS keys."""

from aws_refusals import refused
from holdfast.engine.records import Item, Table
from in_process import Aws


def encrypt(aws: Aws, table: str, key: str) -> None:
    """Put a table under a KMS key."""
    aws.dynamodb.update_table(
        TableName=table,
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )


def test_items_stay_readable_through_every_change_of_key(aws: Aws, locks: str) -> None:
    """Default, customer's key, AWS-managed key, and back."""
    item = {"LockID": {"S": "a"}, "Info": {"S": "secret"}}
    aws.dynamodb.put_item(TableName=locks, Item=item)
    metadata = aws.kms.create_key()["KeyMetadata"]
    encrypt(aws, locks, metadata["KeyId"])
    described = aws.dynamodb.describe_table(TableName=locks)["Table"]["SSEDescription"]
    assert described["KMSMasterKeyArn"] == metadata["Arn"]
    aws.dynamodb.update_table(TableName=locks, SSESpecification={"Enabled": True})
    assert aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})["Item"] == item
    aws.dynamodb.update_table(TableName=locks, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in aws.dynamodb.describe_table(TableName=locks)["Table"]
    assert aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})["Item"] == item


def test_a_disabled_key_closes_the_table_at_once(aws: Aws, locks: str) -> None:
    """And an enabled one opens it again."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    encrypt(aws, locks, key)
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}})
    aws.kms.disable_key(KeyId=key)
    with refused("AccessDeniedException", "is disabled"):
        aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})
    with refused("AccessDeniedException", "is disabled"):
        aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "b"}})
    described = aws.dynamodb.describe_table(TableName=locks)["Table"]
    assert described["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert "InaccessibleEncryptionDateTime" in described["SSEDescription"]
    aws.kms.enable_key(KeyId=key)
    assert "Item" in aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})


def test_what_is_stored_shows_nothing(aws: Aws, locks: str) -> None:
    """Attributes are encrypted in every table."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "Info": {"S": "the secret"}})
    table = aws.engine.view(lambda tx: tx.get(Table, locks))
    assert table is not None
    found = aws.engine.view(lambda tx: list(tx.scan(Item, table.table_id)))
    assert [b"secret" in item.data for item in found] == [False]


def test_swapped_items_do_not_open(aws: Aws, locks: str) -> None:
    """Each is bound to its key: the answer is an error, never the other's data."""
    for name in ("a", "b"):
        aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": name}, "n": {"S": name}})
    table = aws.engine.view(lambda tx: tx.get(Table, locks))
    assert table is not None
    first, second = aws.engine.view(lambda tx: list(tx.scan(Item, table.table_id)))
    swapped = Item(table_id=table.table_id, hash=first.hash, data=second.data, size=first.size)
    aws.engine.update(lambda tx: tx.put(swapped))
    with refused("InternalServerError"):
        aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})
