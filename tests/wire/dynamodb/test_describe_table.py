"""DescribeTable."""

from aws_refusals import refused
from in_process import Aws


def test_items_are_counted(aws: Aws, locks: str) -> None:
    """Count and size follow the items."""
    aws.dynamodb.put_item(TableName=locks, Item={"LockID": {"S": "a"}, "Info": {"S": "xyz"}})
    described = aws.dynamodb.describe_table(TableName=locks)["Table"]
    assert described["ItemCount"] == 1
    assert described["TableSizeBytes"] == len("LockID" + "a" + "Info" + "xyz")


def test_a_table_may_be_named_by_its_arn(aws: Aws, locks: str) -> None:
    """As everywhere a TableName is taken."""
    arn = aws.dynamodb.describe_table(TableName=locks)["Table"]["TableArn"]
    assert aws.dynamodb.describe_table(TableName=arn)["Table"]["TableName"] == locks
    with refused("ValidationException", "Invalid table ARN"):
        aws.dynamodb.describe_table(TableName=arn.replace("us-east-1", "eu-west-1"))


def test_a_missing_table_is_named(aws: Aws) -> None:
    """The AWS provider takes this for gone."""
    with refused(
        "ResourceNotFoundException", "Requested resource not found: Table: none not found"
    ):
        aws.dynamodb.describe_table(TableName="none")


def test_the_waiters_of_boto3_are_content(aws: Aws, locks: str) -> None:
    """The table exists at once, and is gone at once."""
    aws.dynamodb.get_waiter("table_exists").wait(TableName=locks)
    aws.dynamodb.delete_table(TableName=locks)
    aws.dynamodb.get_waiter("table_not_exists").wait(TableName=locks)
