"""Wrong credentials, as real clients see them, service by service."""

from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from in_process import ACCESS_KEY_ID, SECRET, Aws
from roles import make_role

CALLS: dict[str, str] = {
    "s3": "list_buckets",
    "dynamodb": "list_tables",
    "kms": "list_keys",
    "sts": "get_caller_identity",
    "iam": "get_user",
}
SERVICES = tuple(CALLS)
# Each problem's code and status: S3, DynamoDB and KMS, STS and IAM.
EXPECTED: dict[str, tuple[tuple[str, int], tuple[str, int], tuple[str, int]]] = {
    "anonymous": (
        ("AccessDenied", 403),
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationToken", 403),
    ),
    "unknown key": (
        ("InvalidAccessKeyId", 403),
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
    ),
    "wrong secret": (
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
    ),
    "wrong token": (
        ("InvalidToken", 400),
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
    ),
    "clock": (
        ("RequestTimeTooSkewed", 403),
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
    ),
    "expired": (("ExpiredToken", 400), ("ExpiredTokenException", 400), ("ExpiredToken", 403)),
}


def _expected(problem: str, service: str) -> tuple[str, int]:
    s3, json, query = EXPECTED[problem]
    return s3 if service == "s3" else json if service in ("dynamodb", "kms") else query


def _refused(client: Any, service: str) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        getattr(client, CALLS[service])()
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def _config(**options: Any) -> Config:
    return Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **options)


@pytest.mark.parametrize("service", SERVICES)
def test_right_credentials(aws: Aws, service: str) -> None:
    """The administrator is let in everywhere."""
    assert getattr(aws.client(service), CALLS[service])()


@pytest.mark.parametrize("service", SERVICES)
def test_anonymous(aws: Aws, service: str) -> None:
    """Nobody is let in without credentials."""
    client = aws.client(service, config=_config(signature_version=UNSIGNED))
    assert _refused(client, service) == _expected("anonymous", service)


@pytest.mark.parametrize("service", SERVICES)
def test_unknown_key(aws: Aws, service: str) -> None:
    """A key that does not exist."""
    client = aws.client(service, aws_access_key_id="AKIA9999999999999999")
    assert _refused(client, service) == _expected("unknown key", service)


@pytest.mark.parametrize("service", SERVICES)
def test_wrong_secret(aws: Aws, service: str) -> None:
    """Another secret."""
    client = aws.client(service, aws_secret_access_key="x" * 40)
    assert _refused(client, service) == _expected("wrong secret", service)


@pytest.mark.parametrize("service", SERVICES)
def test_wrong_token(aws: Aws, service: str) -> None:
    """A token that belongs to nothing."""
    client = aws.client(service, aws_session_token="nothing")
    assert _refused(client, service) == _expected("wrong token", service)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("seconds", [-1000, 1000])
def test_clock(aws: Aws, service: str, seconds: int) -> None:
    """A clock that is more than a quarter of an hour off."""
    aws.clock.advance(seconds)
    assert _refused(aws.client(service), service) == _expected("clock", service)


@pytest.mark.parametrize("service", SERVICES)
def test_expired_token(aws: Aws, service: str) -> None:
    """A session after its end, with a clock that is right."""
    role = aws.sts.assume_role(
        RoleArn=make_role(aws.iam, "r"), RoleSessionName="run", DurationSeconds=900
    )["Credentials"]
    aws.clock.advance(899)
    client = aws.client(
        service,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    aws.clock.advance(61)
    assert _refused(client, service) == _expected("expired", service)


@pytest.mark.parametrize("service", SERVICES)
def test_any_region_is_served(aws: Aws, service: str) -> None:
    """What a client calls the region makes no difference to its signature."""
    assert getattr(aws.client(service, region_name="ap-southeast-4"), CALLS[service])()


def test_signature_version_2_of_s3(aws: Aws) -> None:
    """The old signature is not supported, and S3 says what is."""
    client = aws.client("s3", config=_config(signature_version="s3"))
    assert _refused(client, "s3") == ("InvalidRequest", 400)


def test_secret_is_in_no_answer(aws: Aws) -> None:
    """An answer to a wrong signature shows what was signed, and no secret."""
    with pytest.raises(ClientError) as caught:
        aws.client("s3", aws_secret_access_key="x" * 40).list_buckets()
    answer: Any = caught.value.response
    assert answer["Error"]["AWSAccessKeyId"] == ACCESS_KEY_ID
    assert answer["Error"]["StringToSign"].startswith("AWS4-HMAC-SHA256")
    assert SECRET not in str(answer)
