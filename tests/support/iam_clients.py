"""Users of a server in this process: made through IAM, with clients of their own."""

import json
from typing import Any

from botocore.exceptions import ClientError

from in_process import Aws

Answer = dict[str, Any]
ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def policy(action: str, resource: str = "*", effect: str = "Allow") -> str:
    """Return a policy of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Any, **params: Any) -> tuple[str, int, str]:
    """Return code, status and message of the error that a call has to end with."""
    try:
        call(**params)
    except ClientError as error:
        said: Any = error.response
        status = said["ResponseMetadata"]["HTTPStatusCode"]
        return said["Error"]["Code"], status, said["Error"].get("Message", "")
    raise AssertionError("the call was not refused")


def user_with_key(aws: Aws, name: str) -> Answer:
    """Make a user with an access key; return the key as IAM answers it."""
    aws.iam.create_user(UserName=name)
    answer: Any = aws.iam.create_access_key(UserName=name)
    key: Answer = answer["AccessKey"]
    return key


def client_with(aws: Aws, key: Answer, service: str) -> Any:
    """Return the client of a service that signs with an access key."""
    return aws.client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
