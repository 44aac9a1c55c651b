"""UpdateTable."""

from aws_refusals import refused
from in_process import Aws


def test_billing_goes_to_provisioned_and_back(aws: Aws, locks: str) -> None:
    """Throughput appears and goes with the mode."""
    changed = aws.dynamodb.update_table(
        TableName=locks,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 4},
    )["TableDescription"]
    assert changed["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert changed["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    more = aws.dynamodb.update_table(
        TableName=locks, ProvisionedThroughput={"ReadCapacityUnits": 9, "WriteCapacityUnits": 4}
    )["TableDescription"]["ProvisionedThroughput"]
    assert more["ReadCapacityUnits"] == 9
    assert "LastIncreaseDateTime" in more
    back = aws.dynamodb.update_table(TableName=locks, BillingMode="PAY_PER_REQUEST")
    assert back["TableDescription"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_the_same_throughput_again_is_refused(aws: Aws, locks: str) -> None:
    """With both values, as AWS says it."""
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 4}
    client = aws.client("dynamodb")
    client.update_table(
        TableName=locks, BillingMode="PROVISIONED", ProvisionedThroughput=throughput
    )
    with refused("ValidationException", "Requested WriteCapacityUnits: 4. "):
        client.update_table(TableName=locks, ProvisionedThroughput=throughput)


def test_protection_and_class_change(aws: Aws, locks: str) -> None:
    """One call for each, as the AWS provider does it."""
    aws.dynamodb.update_table(TableName=locks, DeletionProtectionEnabled=True)
    aws.dynamodb.update_table(TableName=locks, TableClass="STANDARD_INFREQUENT_ACCESS")
    described = aws.dynamodb.describe_table(TableName=locks)["Table"]
    assert described["DeletionProtectionEnabled"] is True
    assert described["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_an_update_of_nothing_is_refused(aws: Aws, locks: str) -> None:
    """Something must be asked for."""
    with refused("ValidationException", "At least one of ProvisionedThroughput, BillingMode"):
        aws.dynamodb.update_table(TableName=locks)


def test_streams_and_indexes_are_refused(aws: Aws, locks: str) -> None:
    """Also when added later."""
    with refused("ValidationException", "streams are not supported"):
        aws.dynamodb.update_table(
            TableName=locks,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
