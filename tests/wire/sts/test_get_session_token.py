"""STS GetSessionToken."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from msgspec.structs import replace

from holdfast.engine.access_records import AccessKey, User
from holdfast.engine.port import Writer
from in_process import ACCESS_KEY_ID, ACCOUNT, Aws


def _session(aws: Aws, service: str = "sts", **params: Any) -> Any:
    """Return a client with a new session."""
    key = aws.sts.get_session_token(**params)["Credentials"]
    return aws.client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )


def _refused(call: Any, **params: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error: Any = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    return error["Error"]["Code"], status, error["Error"]["Message"]


def test_a_session_is_the_user_itself(aws: Aws) -> None:
    """It has the user's ARN and id; only its key is another."""
    user = aws.sts.get_caller_identity()
    mine = _session(aws).get_caller_identity()
    assert (mine["Arn"], mine["UserId"]) == (user["Arn"], user["UserId"])


def test_every_session_has_a_key_of_its_own(aws: Aws) -> None:
    """Two processes of one user can be told apart."""
    keys = {aws.sts.get_session_token()["Credentials"]["AccessKeyId"] for _ in range(3)}
    assert len(keys) == 3
    assert all(key.startswith("ASIA") for key in keys)


def test_a_session_speaks_to_every_service(aws: Aws) -> None:
    """It is good for whatever the user's key is good for."""
    _session(aws, "s3").list_buckets()
    _session(aws, "dynamodb").list_tables()
    _session(aws, "kms").list_keys()
    assert _session(aws, "iam").list_users()["Users"]


@pytest.mark.parametrize(
    ("params", "seconds"),
    [({}, 43200), ({"DurationSeconds": 900}, 900), ({"DurationSeconds": 129600}, 129600)],
)
def test_how_long_it_lasts(aws: Aws, params: Any, seconds: int) -> None:
    """Twelve hours, or from a quarter of an hour to a day and a half."""
    left = aws.sts.get_session_token(**params)["Credentials"]["Expiration"] - aws.clock()
    assert timedelta(seconds=seconds - 60) < left <= timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [899, 129601])
def test_it_lasts_neither_shorter_nor_longer(aws: Aws, seconds: int) -> None:
    """What AWS calls a validation error is one."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    unchecked = aws.client("sts", config=config)
    code, status, message = _refused(unchecked.get_session_token, DurationSeconds=seconds)
    assert (code, status) == ("ValidationError", 400)
    assert f"Value '{seconds}' at 'durationSeconds' failed to satisfy constraint" in message


def test_it_ends(aws: Aws) -> None:
    """After its time it signs nothing."""
    client = _session(aws, DurationSeconds=900)
    aws.clock.advance(901)
    assert _refused(client.get_caller_identity)[0] == "ExpiredToken"


def test_a_session_makes_no_session(aws: Aws) -> None:
    """Only a long-lived key may ask, so that no session can outlive its time."""
    said = "Cannot call GetSessionToken with session credentials"
    assert _refused(_session(aws).get_session_token) == ("AccessDenied", 403, said)


def test_a_one_time_password_is_never_right(aws: Aws) -> None:
    """There are no devices for them."""
    device = f"arn:aws:iam::{ACCOUNT}:mfa/ada"
    code = _refused(aws.sts.get_session_token, SerialNumber=device, TokenCode="123456")[0]
    assert code == "AccessDenied"


def test_it_ends_with_the_key_that_asked_for_it(aws: Aws) -> None:
    """A key that leaked is switched off with everything that was made of it."""
    client = _session(aws)
    client.get_caller_identity()

    def switch_off(tx: Writer) -> None:
        key = tx.get(AccessKey, ACCESS_KEY_ID)
        assert key is not None
        tx.put(replace(key, active=False))

    aws.engine.update(switch_off)
    assert _refused(client.get_caller_identity)[0] == "InvalidClientTokenId"


def test_it_ends_with_its_user(aws: Aws) -> None:
    """Nobody acts in the name of a user who is gone."""
    client = _session(aws)
    aws.engine.update(lambda tx: tx.drop(User, "administrator"))
    assert _refused(client.get_caller_identity)[0] == "InvalidClientTokenId"
