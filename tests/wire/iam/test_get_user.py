"""IAM GetUser."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from in_process import ACCOUNT, Aws
from roles import make_role


def _refused(client: Any, **params: str) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        client.get_user(**params)
    error = caught.value.response
    return (
        error["Error"]["Code"],
        error["ResponseMetadata"]["HTTPStatusCode"],
        error["Error"]["Message"],
    )


def test_user_learns_about_itself(aws: Aws) -> None:
    """Without a name the caller is described."""
    user = aws.iam.get_user()["User"]
    assert user["UserName"] == "administrator"
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert user["Path"] == "/"
    assert abs((datetime.now(UTC) - user["CreateDate"]).total_seconds()) < 60


def test_named_user_is_described(aws: Aws) -> None:
    """A name finds its user."""
    assert aws.iam.get_user(UserName="administrator")["User"]["UserId"].startswith("AIDA")


def test_unknown_user(aws: Aws) -> None:
    """A name that nobody has is no such entity."""
    assert _refused(aws.iam, UserName="nobody") == (
        "NoSuchEntity",
        404,
        "The user with name nobody cannot be found.",
    )


def test_name_outside_its_pattern(aws: Aws) -> None:
    """A name that nobody can have is a validation error."""
    code, status, message = _refused(aws.iam, UserName="a/b")
    assert (code, status) == ("ValidationError", 400)
    assert message.startswith("1 validation error detected: Value 'a/b' at 'userName'")


def test_session_is_no_user(aws: Aws) -> None:
    """A session has to say whom it means."""
    role = aws.sts.assume_role(RoleArn=make_role(aws.iam, "r"), RoleSessionName="run")
    session = role["Credentials"]
    client = aws.client(
        "iam",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    code, status, message = _refused(client)
    assert (code, status) == ("ValidationError", 400)
    assert message == "Must specify userName when calling with non-User credentials"
