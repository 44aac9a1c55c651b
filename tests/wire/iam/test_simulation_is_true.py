"""What the simulator says is what happens: each call is allowed or refused as it was told."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from iam_clients import client_with, user_with_key
from in_process import ACCOUNT, REGION, Aws

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/locks"
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::states/staging/*",
        },
        {"Effect": "Deny", "Action": "s3:Put*", "Resource": "arn:aws:s3:::states/*/frozen/*"},
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::states",
            "Condition": {"StringLike": {"s3:prefix": "staging/*"}},
        },
        {
            "Effect": "Allow",
            "Action": "dynamodb:*Item",
            "Resource": TABLE,
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "states/${aws:username}/*"}
            },
        },
    ],
}
CASES: list[tuple[str, str, dict[str, str]]] = [
    ("s3:GetObject", "arn:aws:s3:::states/staging/a", {}),
    ("s3:GetObject", "arn:aws:s3:::states/production/a", {}),
    ("s3:PutObject", "arn:aws:s3:::states/staging/a", {}),
    ("s3:PutObject", "arn:aws:s3:::states/staging/frozen/a", {}),
    ("s3:DeleteObject", "arn:aws:s3:::states/staging/a", {}),
    ("s3:ListBucket", "arn:aws:s3:::states", {"s3:prefix": "staging/a"}),
    ("s3:ListBucket", "arn:aws:s3:::states", {"s3:prefix": "production/"}),
    ("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": "states/ada/a"}),
    ("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": "states/bo/a"}),
    ("dynamodb:Scan", TABLE, {}),
    ("iam:ListUsers", "*", {}),
]


@pytest.fixture
def place(aws: Aws) -> Aws:
    """A server with a bucket and a table."""
    aws.s3.create_bucket(Bucket="states")
    for key in ("staging/a", "production/a", "staging/frozen/a"):
        aws.s3.put_object(Bucket="states", Key=key, Body=b"x")
    aws.dynamodb.create_table(
        TableName="locks",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws


def _does(aws: Aws, key: Any, action: str, resource: str, context: dict[str, str]) -> bool:
    """Do it; tell whether it was allowed."""
    service, _, name = action.partition(":")
    client, path = client_with(aws, key, service), resource.partition(":::states/")[2]
    where = {"Bucket": "states", "Key": path}
    calls: dict[str, Callable[[], Any]] = {
        "GetObject": lambda: client.get_object(**where),
        "PutObject": lambda: client.put_object(**where),
        "DeleteObject": lambda: client.delete_object(**where),
        "ListBucket": lambda: client.list_objects_v2(
            Bucket="states", Prefix=context.get("s3:prefix", "")
        ),
        "GetItem": lambda: client.get_item(
            TableName="locks", Key={"LockID": {"S": context["dynamodb:LeadingKeys"]}}
        ),
        "Scan": lambda: client.scan(TableName="locks"),
        "ListUsers": lambda: client.list_users(MaxItems=10),
    }
    try:
        calls[name]()
    except ClientError as error:
        if "AccessDenied" not in str(error):
            raise
        return False
    return True


def test_what_is_simulated_happens(place: Aws) -> None:
    """Every case, the one as the other; some of each."""
    key = user_with_key(place, "ada")
    place.iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    told, done = [], []
    for action, resource, context in CASES:
        answer = place.iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/ada",
            ActionNames=[action],
            ResourceArns=[resource],
            ContextEntries=[
                {"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": [value]}
                for name, value in context.items()
            ],
        )
        told.append(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")
        done.append(_does(place, key, action, resource, context))
    assert done == told
    assert set(told) == {True, False}
