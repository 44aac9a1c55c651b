"""Users with policies, and clients with their keys."""

import json
import os
from typing import Any

from botocore.config import Config
from msgspec.structs import replace

from holdfast.engine.access_records import User
from holdfast.engine.port import Writer
from holdfast.server.access.users import create_access_key, create_user
from in_process import ACCOUNT, Aws

Json = dict[str, Any]


def allow(actions: str | list[str], resource: str | list[str] = "*", **more: Any) -> Json:
    """Return a statement that allows; further elements by their names."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def deny(actions: str | list[str], resource: str | list[str] = "*", **more: Any) -> Json:
    """Return a statement that denies."""
    return {**allow(actions, resource, **more), "Effect": "Deny"}


def document(*statements: Json) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Somebody:
    """A user of a server in this process, with one key and one policy."""

    def __init__(self, aws: Aws, name: str, *statements: Json) -> None:
        self.name = name
        self.arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        self._aws = aws
        policies = {"own": document(*statements)} if statements else {}

        def make(tx: Writer) -> Any:
            user = create_user(tx, name, aws.clock(), os.urandom)
            tx.put(replace(user, policies=policies))
            return create_access_key(tx, aws.vault, name, aws.clock(), os.urandom)

        self.key = aws.engine.update(make)

    def client(self, service: str) -> Any:
        """Return a boto3 client with its key."""
        return self._aws.client(
            service,
            aws_access_key_id=self.key.access_key_id,
            aws_secret_access_key=self.key.secret,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def may(self, *statements: Json) -> None:
        """Give it another policy instead of what it has."""

        def put(tx: Writer) -> None:
            user = tx.get(User, self.name)
            assert user is not None
            tx.put(replace(user, policies={"own": document(*statements)}))

        self._aws.engine.update(put)
