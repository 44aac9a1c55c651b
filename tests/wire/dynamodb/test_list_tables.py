"""ListTables."""

from typing import Any

from aws_refusals import refused
from in_process import Aws


def test_tables_are_listed_in_order_and_pages(aws: Aws) -> None:
    """Every page but the last says where it ended."""
    for name in ("ccc", "aaa", "bbb"):
        aws.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        )
    first = aws.dynamodb.list_tables(Limit=2)
    assert first["TableNames"] == ["aaa", "bbb"]
    assert first["LastEvaluatedTableName"] == "bbb"
    rest: Any = aws.dynamodb.list_tables(Limit=2, ExclusiveStartTableName="bbb")
    assert rest["TableNames"] == ["ccc"]
    assert "LastEvaluatedTableName" not in rest
    pages = aws.dynamodb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
    assert [name for page in pages for name in page["TableNames"]] == ["aaa", "bbb", "ccc"]


def test_the_limit_is_a_hundred(aws: Aws) -> None:
    """More is refused."""
    with refused("ValidationException", "less than or equal to 100"):
        aws.client("dynamodb").list_tables(Limit=101)
