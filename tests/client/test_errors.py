"""What the services and the SDK say, in our words: what happened, where, and what to do next."""

import socket
from typing import Any

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from client_site import Site
from holdfast import Backend, HoldfastError
from holdfast.client import errors
from holdfast.client.settings import Endpoints
from holdfast.client.translate import Call, of_answer, of_sdk, translated

CALL = Call("write s3://b/k", "s3:PutObject", "arn:aws:s3:::b/k")


def answer(code: str, status: int = 400, message: str = "Said.", **headers: str) -> ClientError:
    """Return an error answer as the SDK raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return ClientError(response, "PutObject")


@pytest.mark.parametrize(
    ("code", "status", "kind", "says"),
    [
        ("ExpiredToken", 400, errors.NoCredentials, "have expired"),
        ("ExpiredTokenException", 400, errors.NoCredentials, "aws sso login"),
        ("InvalidAccessKeyId", 403, errors.NoCredentials, "does not know the access key"),
        ("UnrecognizedClientException", 400, errors.NoCredentials, "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", 403, errors.NoCredentials, "secret key does not fit"),
        ("InvalidSignatureException", 400, errors.NoCredentials, "AWS_SECRET_ACCESS_KEY"),
        ("RequestTimeTooSkewed", 403, errors.NoCredentials, "clock"),
        ("NoSuchBucket", 404, errors.NoSuchBucket, "no bucket b"),
        ("ResourceNotFoundException", 400, errors.NoSuchTable, "no table"),
        ("AccessDenied", 403, errors.AccessDenied, "s3:PutObject on arn:aws:s3:::b/k"),
        ("403", 403, errors.AccessDenied, "is not allowed"),
        ("KMS.DisabledException", 400, errors.ServiceFailed, "KMS key cannot be used"),
        ("SlowDown", 503, errors.Unreachable, "overloaded"),
        ("PermanentRedirect", 301, errors.WrongRegion, "another region"),
        ("EntityTooLarge", 400, errors.ServiceFailed, "EntityTooLarge: Said"),
    ],
)
def test_an_answer_becomes_ours(
    code: str, status: int, kind: type[HoldfastError], says: str
) -> None:
    """Each says what was to be done, and the code's own advice."""
    error = of_answer(answer(code, status), CALL)

    assert isinstance(error, kind)
    assert "cannot write s3://b/k" in str(error)
    assert says in str(error)


def test_the_missing_permission_is_named() -> None:
    """Action and resource are there for programs too; KMS's own action where that is missing."""
    plain = of_answer(answer("AccessDenied", 403, "Access Denied"), CALL)
    message = "User: u is not authorized to perform: kms:GenerateDataKey on this resource"
    through_kms = of_answer(answer("AccessDenied", 403, message), CALL)

    assert isinstance(plain, errors.AccessDenied)
    assert (plain.action, plain.resource) == ("s3:PutObject", "arn:aws:s3:::b/k")
    assert isinstance(through_kms, errors.AccessDenied)
    assert (through_kms.action, through_kms.resource) == ("kms:GenerateDataKey", "the KMS key")


def test_the_right_region_is_named() -> None:
    """As the answer's header says it."""
    moved = of_answer(answer("301", 301, **{"x-amz-bucket-region": "eu-west-1"}), CALL)

    assert isinstance(moved, errors.WrongRegion)
    assert 'region = "eu-west-1"' in moved.next_step


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (sdk.NoCredentialsError(), errors.NoCredentials, "AWS_PROFILE"),
        (
            sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            errors.NoCredentials,
            "AWS_SECRET_ACCESS_KEY",
        ),
        (sdk.UnauthorizedSSOTokenError(), errors.NoCredentials, "aws sso login"),
        (sdk.ProfileNotFound(profile="x"), errors.NotConfigured, "list-profiles"),
        (sdk.NoRegionError(), errors.NotConfigured, "AWS_REGION"),
        (
            sdk.SSLError(endpoint_url="u", error=OSError("bad")),
            errors.Unreachable,
            "custom_ca_bundle",
        ),
        (sdk.EndpointConnectionError(endpoint_url="u"), errors.Unreachable, "endpoint is right"),
        (sdk.ConnectTimeoutError(endpoint_url="u"), errors.Unreachable, "no answer"),
        (sdk.ReadTimeoutError(endpoint_url="u"), errors.Unreachable, "no answer"),
        (
            sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2),
            errors.Unreachable,
            "no answer",
        ),
        (sdk.ParamValidationError(report="r"), errors.ServiceFailed, "r"),
    ],
)
def test_what_the_sdk_raises_becomes_ours(
    error: Exception, kind: type[HoldfastError], says: str
) -> None:
    """Without an answer, it is the way to the service that is wrong."""
    ours = of_sdk(error, CALL)

    assert type(ours) is kind
    assert says in str(ours)


def test_an_answer_in_another_language_is_said() -> None:
    """A page of HTML, from a proxy or another server, is no fault of ours, and no trace of it."""
    with pytest.raises(errors.ServiceFailed, match="a proxy, or another server"), translated(CALL):
        raise ResponseParserError("Unable to parse response")


def test_a_role_that_is_not_assumed_is_said() -> None:
    """A request that fails before it is sent names the step that failed."""
    refused: Any = {
        "Error": {"Code": "AccessDenied", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    error = of_answer(ClientError(refused, "AssumeRole"), CALL)

    assert isinstance(error, errors.AccessDenied)
    assert error.action == "sts:AssumeRole"
    assert "the role was not assumed" in error.happened


def test_our_own_errors_pass() -> None:
    """What is translated already is not translated again."""
    with pytest.raises(errors.NotLocked), translated(CALL):
        raise errors.NotLocked("x")


def test_an_error_is_one_sentence_and_advice() -> None:
    """Both are attributes, and together the text."""
    error = HoldfastError("it broke", "Mend it.")

    assert (error.happened, error.next_step, str(error)) == (
        "it broke",
        "Mend it.",
        "it broke. Mend it.",
    )
    assert str(HoldfastError("it broke")) == "it broke"


def test_an_endpoint_where_nobody_listens_is_named(site: Site) -> None:
    """The address is in the message."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        endpoints = Endpoints(s3=url, dynamodb=url)
        with pytest.raises(errors.Unreachable, match=url):
            Backend(site.settings(endpoints=endpoints, max_retries=1)).read()


def test_credentials_that_the_server_does_not_know_are_said(site: Site) -> None:
    """An unknown access key, and a secret that does not fit."""
    wrong_key = site.backend(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="x" * 40)
    with pytest.raises(errors.NoCredentials, match="does not know the access key"):
        wrong_key.read()

    known = site.server.env["AWS_ACCESS_KEY_ID"]
    with pytest.raises(errors.NoCredentials, match="secret key does not fit"):
        site.backend(access_key=known, secret_key="x" * 40).read()
    with pytest.raises(errors.NoCredentials):
        wrong_key.lock("test")


def test_missing_credentials_region_and_profile_are_said(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by what to set."""
    with pytest.raises(errors.NotConfigured, match="no-such-profile"):
        site.backend(profile="no-such-profile").read()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(errors.NoCredentials):
        site.backend().read()
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(errors.NotConfigured, match="region"):
        Backend(site.settings().changed(region=None)).read()
