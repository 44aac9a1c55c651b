"""CreateTable."""

import re
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws

HASH: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
}
ON_DEMAND: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST", **HASH}


def test_a_table_on_demand_is_active_at_once(aws: Aws) -> None:
    """The description has every member that AWS gives for such a table."""
    made = aws.dynamodb.create_table(TableName="locks", **ON_DEMAND)["TableDescription"]
    assert made["TableStatus"] == "ACTIVE"
    assert made["TableArn"] == "arn:aws:dynamodb:us-east-1:123456789012:table/locks"
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["TableId"]
    )
    assert made["KeySchema"] == HASH["KeySchema"]
    assert made["AttributeDefinitions"] == HASH["AttributeDefinitions"]
    assert made["ItemCount"] == made["TableSizeBytes"] == 0
    assert made["ProvisionedThroughput"] == {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": 0,
        "WriteCapacityUnits": 0,
    }
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert made["DeletionProtectionEnabled"] is False
    assert made["WarmThroughput"]["Status"] == "ACTIVE"
    assert "SSEDescription" not in made
    assert "TableClassSummary" not in made


def test_provisioned_is_the_default(aws: Aws) -> None:
    """Then throughput is needed and reported."""
    with refused("ValidationException", "ReadCapacityUnits and WriteCapacityUnits must both be"):
        aws.dynamodb.create_table(TableName="locks", **HASH)
    made = aws.dynamodb.create_table(
        TableName="locks",
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 2},
        **HASH,
    )["TableDescription"]
    assert made["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    assert made["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    assert "BillingModeSummary" not in made


def test_everything_in_one_call(aws: Aws) -> None:
    """As the AWS provider does it: tags, encryption, protection and class."""
    made = aws.dynamodb.create_table(
        TableName="locks",
        Tags=[{"Key": "team", "Value": "infra"}],
        SSESpecification={"Enabled": True},
        DeletionProtectionEnabled=True,
        TableClass="STANDARD_INFREQUENT_ACCESS",
        **ON_DEMAND,
    )["TableDescription"]
    assert made["DeletionProtectionEnabled"] is True
    assert made["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert made["SSEDescription"]["Status"] == "ENABLED"
    assert made["SSEDescription"]["SSEType"] == "KMS"
    tags = aws.dynamodb.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "infra"}]


@pytest.mark.parametrize("kind", ["S", "N", "B"])
def test_keys_of_every_type(aws: Aws, kind: Any) -> None:
    """Hash and range keys are text, numbers or binary."""
    made = aws.dynamodb.create_table(
        TableName="pairs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "h", "AttributeType": kind},
            {"AttributeName": "r", "AttributeType": kind},
        ],
        KeySchema=[
            {"AttributeName": "h", "KeyType": "HASH"},
            {"AttributeName": "r", "KeyType": "RANGE"},
        ],
    )["TableDescription"]
    assert [element["KeyType"] for element in made["KeySchema"]] == ["HASH", "RANGE"]


def test_a_name_is_taken_once(aws: Aws, locks: str) -> None:
    """A second table of the name is refused."""
    with refused("ResourceInUseException", f"Table already exists: {locks}"):
        aws.dynamodb.create_table(TableName=locks, **ON_DEMAND)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"KeySchema": [{"AttributeName": "LockID", "KeyType": "RANGE"}]},
            "is not a HASH key type",
        ),
        (
            {"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}]},
            (
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], "
                "AttributeDefinitions: [LockID]"
            ),
        ),
        (
            {
                "AttributeDefinitions": [
                    {"AttributeName": "LockID", "AttributeType": "S"},
                    {"AttributeName": "x", "AttributeType": "S"},
                ]
            },
            "does not exactly match number of attributes defined",
        ),
        (
            {
                "KeySchema": [
                    {"AttributeName": "LockID", "KeyType": "HASH"},
                    {"AttributeName": "LockID", "KeyType": "RANGE"},
                ]
            },
            "have the same name",
        ),
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            "can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
            "streams are not supported",
        ),
        (
            {
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "other",
                        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ]
            },
            "global secondary indexes are not supported",
        ),
        ({"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "alias/none"}}, "alias/none"),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "reserved for system use"),
    ],
)
def test_improper_tables_are_refused(aws: Aws, changes: dict[str, Any], message: str) -> None:
    """Each way to be wrong has a message that says so."""
    with refused("ValidationException", message):
        aws.dynamodb.create_table(TableName="locks", **{**ON_DEMAND, **changes})
    assert aws.dynamodb.list_tables()["TableNames"] == []


@pytest.mark.parametrize("name", ["ab", "x" * 256, "with space", "a/b"])
def test_improper_names_are_refused(aws: Aws, name: str) -> None:
    """Three to 255 letters, digits, dots, dashes and underscores."""
    client = aws.client("dynamodb")
    with refused("ValidationException"):
        client.create_table(TableName=name, **ON_DEMAND)
