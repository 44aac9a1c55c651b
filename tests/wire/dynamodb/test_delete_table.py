"""DeleteTable."""

from datetime import timedelta

from aws_refusals import refused
from holdfast.engine.records import Expiry, Garbage, Item
from holdfast.server.leftovers import collect_garbage
from in_process import Aws


def test_a_deleted_table_is_gone(aws: Aws, locks: str) -> None:
    """For every operation, at once."""
    gone = aws.dynamodb.delete_table(TableName=locks)["TableDescription"]
    assert gone["TableStatus"] == "DELETING"
    with refused("ResourceNotFoundException", "Requested resource not found"):
        aws.dynamodb.get_item(TableName=locks, Key={"LockID": {"S": "a"}})
    with refused("ResourceNotFoundException", f"Table: {locks} not found"):
        aws.dynamodb.delete_table(TableName=locks)


def test_a_protected_table_stays(aws: Aws, locks: str) -> None:
    """Until its protection is lifted; terraform destroy stops here."""
    aws.dynamodb.update_table(TableName=locks, DeletionProtectionEnabled=True)
    with refused(
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. "
        "Disable deletion protection first.",
    ):
        aws.dynamodb.delete_table(TableName=locks)
    aws.dynamodb.update_table(TableName=locks, DeletionProtectionEnabled=False)
    aws.dynamodb.delete_table(TableName=locks)


def test_a_new_table_of_the_name_is_empty(aws: Aws, locks: str) -> None:
    """Items of the old one never show, and are removed in the background."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}})
    aws.dynamodb.delete_table(TableName=locks)
    aws.dynamodb.create_table(
        TableName=locks,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
    )
    assert aws.dynamodb.scan(TableName=locks)["Items"] == []
    collect_garbage(aws.engine, aws.clock() + timedelta(hours=1))
    left = aws.engine.view(lambda tx: [*tx.scan(Item), *tx.scan(Garbage), *tx.scan(Expiry)])
    assert left == []
