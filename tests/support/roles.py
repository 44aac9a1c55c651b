"""Roles for tests: made through IAM, on a server in this process or another."""

import json
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ADMINISTRATOR = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/administrator"}


def document(*statements: dict[str, Any]) -> str:
    """Return a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALL = document({"Effect": "Allow", "Action": "*", "Resource": "*"})


def trust(principal: Any = None, action: Any = "sts:AssumeRole", **more: Any) -> str:
    """Return a trust policy: of the account, unless somebody else is named."""
    who = principal or {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return document({"Effect": "Allow", "Principal": who, "Action": action, **more})


def make_role(iam: Any, name: str, *, trusts: str = "", may: str = ALL, **more: Any) -> str:
    """Make a role, if there is none yet of this name; return its ARN.

    Args:
        iam: a client.
        name: of the role.
        trusts: its trust policy; the account's users if empty.
        may: what it may do, a policy; nothing if empty.
        more: further parameters of CreateRole.
    """
    try:
        made = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trusts or trust(action="sts:*"), **more
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
        made = iam.get_role(RoleName=name)
    if may:
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=may)
    return str(made["Role"]["Arn"])
