"""What the tests of DynamoDB operations share."""

import pytest

from in_process import Aws


@pytest.fixture
def locks(aws: Aws) -> str:
    """The name of a lock table as Terraform's documentation has it."""
    aws.dynamodb.create_table(
        TableName="terraform-locks",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
    )
    return "terraform-locks"


@pytest.fixture
def notes(aws: Aws) -> str:
    """The name of a table with a text hash key `h` and a number range key `r`."""
    aws.dynamodb.create_table(
        TableName="notes",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "h", "AttributeType": "S"},
            {"AttributeName": "r", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "h", "KeyType": "HASH"},
            {"AttributeName": "r", "KeyType": "RANGE"},
        ],
    )
    return "notes"
