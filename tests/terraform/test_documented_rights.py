"""The permissions that Terraform's own page of its s3 backend lists are enough, and only for their key.

Source: "S3 Bucket Permissions" and "DynamoDB Table Permissions" of the s3 backend's page.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, TABLE, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


def _documented(key: str, mode: str) -> str:
    """Return the policy of Terraform's page for one state."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    listing: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket,
        "Condition": {"StringEquals": {"s3:prefix": key}},
    }
    state = _allow(["s3:GetObject", "s3:PutObject"], f"{bucket}/{key}")
    lock_file = _allow(
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{bucket}/{key}.tflock"
    )
    items = [
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
    ]
    table = _allow(items, f"arn:aws:dynamodb:*:*:table/{TABLE}")
    keys = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]
    locks = {"lockfile": [lock_file], "dynamodb": [table]}[mode]
    statements = [listing, state, *locks, _allow(keys, "*")]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


@pytest.mark.parametrize("mode", ["lockfile", "dynamodb"])
def test_the_documented_permissions_are_enough(project: Project, server: Server, mode: str) -> None:
    """For init, plan, apply and destroy of that state; another one is refused."""
    iam, name, key = server.client("iam"), f"documented-{mode}", f"documented/{mode}.tfstate"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="tf", PolicyDocument=_documented(key, mode))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    tf = project()
    tf.env["AWS_ACCESS_KEY_ID"] = made["AccessKeyId"]
    tf.env["AWS_SECRET_ACCESS_KEY"] = made["SecretAccessKey"]
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("mine"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    assert tf.ok("output", "-raw", "it") == "mine"
    tf.ok("destroy", "-auto-approve")

    tf.write("main.tf", backend(f"other/{mode}.tfstate", LOCK_MODES[mode]) + value("mine"))
    other = tf.run("init", "-reconfigure")
    assert other.code != 0
    assert "403" in other.text or "AccessDenied" in other.text
