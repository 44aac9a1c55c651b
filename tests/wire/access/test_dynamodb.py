"""Who may do what in DynamoDB."""

from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import ACCOUNT, REGION, Aws
from somebody import Json, Somebody, allow

TABLE = "locks"
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
ITEMS = ["dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan"]
Make = Callable[..., Somebody]


def _key(stage: str) -> Json:
    return {"LockID": {"S": f"states/{stage}/app"}}


def _staging() -> Json:
    """Return a statement that allows everything with items of staging."""
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "states/staging/*"}}
    return allow(ITEMS, ARN, Condition=condition)


def test_without_a_policy_nothing_is_allowed(somebody: Make) -> None:
    """In DynamoDB's form."""
    ada = somebody()
    said = (
        f"User: {ada.arn} is not authorized to perform: dynamodb:GetItem on resource: {ARN} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )
    with refused("AccessDeniedException", said):
        ada.client("dynamodb").get_item(TableName=TABLE, Key=_key("staging"))


@pytest.mark.parametrize("name", [TABLE, "no-such-table"])
def test_a_table_may_exist_or_not(somebody: Make, name: str) -> None:
    """For who has no right on it."""
    with refused("AccessDeniedException"):
        somebody().client("dynamodb").describe_table(TableName=name)


def _calls(dynamodb: Any, stage: str) -> dict[str, Callable[[], Any]]:
    """Return one request of every kind on an item."""
    key = _key(stage)
    item = {**key, "Info": {"S": "x"}}
    names = {"TableName": TABLE}
    get = {"Get": {**names, "Key": key}}
    return {
        "GetItem": lambda: dynamodb.get_item(**names, Key=key),
        "PutItem": lambda: dynamodb.put_item(**names, Item=item),
        "DeleteItem": lambda: dynamodb.delete_item(**names, Key=key),
        "UpdateItem": lambda: dynamodb.update_item(
            **names,
            Key=key,
            UpdateExpression="SET Info = :i",
            ExpressionAttributeValues={":i": {"S": "y"}},
        ),
        "Query": lambda: dynamodb.query(
            **names,
            KeyConditionExpression=":k = #k",
            ExpressionAttributeNames={"#k": "LockID"},
            ExpressionAttributeValues={":k": key["LockID"]},
        ),
        "BatchGetItem": lambda: dynamodb.batch_get_item(
            RequestItems={TABLE: {"Keys": [_key("staging"), _key(stage), _key("staging2")][1:2]}}
        ),
        "BatchWriteItem": lambda: dynamodb.batch_write_item(
            RequestItems={TABLE: [{"PutRequest": {"Item": item}}]}
        ),
        "TransactGetItems": lambda: dynamodb.transact_get_items(TransactItems=[get]),
        "TransactWriteItems": lambda: dynamodb.transact_write_items(
            TransactItems=[{"Put": {**names, "Item": item}}]
        ),
        "ConditionCheck": lambda: dynamodb.transact_write_items(
            TransactItems=[
                {
                    "ConditionCheck": {
                        **names,
                        "Key": key,
                        "ConditionExpression": "attribute_exists(LockID)",
                    }
                }
            ]
        ),
    }


_KINDS = list(_calls(None, "staging"))


@pytest.mark.parametrize("kind", _KINDS)
def test_items_of_ones_own_prefix(somebody: Make, kind: str) -> None:
    """By the leading key, whatever the operation."""
    dynamodb = somebody(_staging()).client("dynamodb")
    _calls(dynamodb, "staging")[kind]()


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("stage", ["production", "nothing"])
def test_items_of_others(somebody: Make, kind: str, stage: str) -> None:
    """Are refused whether they exist or not."""
    dynamodb = somebody(_staging()).client("dynamodb")
    with refused("AccessDeniedException", "dynamodb:"):
        _calls(dynamodb, stage)[kind]()


def test_one_item_of_others_among_ones_own(somebody: Make) -> None:
    """Is refused with the whole request."""
    dynamodb = somebody(_staging()).client("dynamodb")
    keys = [_key("staging"), _key("production")]
    with refused("AccessDeniedException"):
        dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    items = [{"Get": {"TableName": TABLE, "Key": key}} for key in keys]
    with refused("AccessDeniedException"):
        dynamodb.transact_get_items(TransactItems=items)


def test_a_table_by_its_arn_is_the_same_table(somebody: Make) -> None:
    """With the same leading keys."""
    dynamodb = somebody(_staging()).client("dynamodb")
    dynamodb.get_item(TableName=ARN, Key=_key("staging"))
    with refused("AccessDeniedException"):
        dynamodb.get_item(TableName=ARN, Key=_key("production"))


def test_a_table_has_one_arn(somebody: Make) -> None:
    """Another partition's is no way round a denial."""
    denied = {**allow("*", ARN), "Effect": "Deny"}
    dynamodb = somebody(allow("*"), denied).client("dynamodb")
    for name in (TABLE, ARN, ARN.replace("arn:aws:", "arn:aws-cn:")):
        with refused("AccessDeniedException", "explicit deny"):
            dynamodb.get_item(TableName=name, Key=_key("staging"))


def test_a_number_is_the_same_however_it_is_written(place: Aws, somebody: Make) -> None:
    """So that no other way of writing it goes round a policy."""
    place.dynamodb.create_table(
        TableName="numbers",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
    )
    one = {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "100"}}
    denied = {**allow("*", Condition=one), "Effect": "Deny"}
    dynamodb = somebody(allow("*"), denied).client("dynamodb")
    for text in ("100", "1e2", "100.0", "0100"):
        with refused("AccessDeniedException", "explicit deny"):
            dynamodb.get_item(TableName="numbers", Key={"n": {"N": text}})
    dynamodb.get_item(TableName="numbers", Key={"n": {"N": "101"}})


def test_attributes_can_be_chosen(somebody: Make) -> None:
    """Only those that a policy names, and never all of them."""
    condition = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["LockID", "Info"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    dynamodb = somebody(allow("dynamodb:GetItem", ARN, Condition=condition)).client("dynamodb")
    key = _key("staging")
    dynamodb.get_item(TableName=TABLE, Key=key, ProjectionExpression="Info")
    with refused("AccessDeniedException"):
        dynamodb.get_item(TableName=TABLE, Key=key)
    with refused("AccessDeniedException"):
        dynamodb.get_item(
            TableName=TABLE,
            Key=key,
            ProjectionExpression="Info, #d",
            ExpressionAttributeNames={"#d": "Digest"},
        )


def test_tables_are_rights_of_their_own(somebody: Make) -> None:
    """To make one, to list them, to tag one."""
    dynamodb = somebody(allow("dynamodb:DescribeTable", ARN)).client("dynamodb")
    dynamodb.describe_table(TableName=TABLE)
    with refused("AccessDeniedException", "dynamodb:ListTables"):
        dynamodb.list_tables()
    with refused("AccessDeniedException", "dynamodb:DeleteTable"):
        dynamodb.delete_table(TableName=TABLE)
    with refused("AccessDeniedException", "dynamodb:TagResource"):
        dynamodb.tag_resource(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
