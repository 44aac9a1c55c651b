"""Guessing credentials: after a while nothing is looked at any more, but for keys that are good."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.aws.http import Headers, Request
from holdfast.server.access.failed_attempts import AT_ONCE
from holdfast.server.health import Health
from holdfast.server.metrics import Metrics
from http_backend import basic
from in_process import ACCESS_KEY_ID, SECRET, Aws


def _guesser(aws: Aws, service: str, key: str = "AKIAGUESSEDGUESSED00") -> Any:
    return aws.client(service, aws_access_key_id=key, aws_secret_access_key="guess" * 8)


def _code(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def _guess(aws: Aws) -> None:
    guesser = _guesser(aws, "sts")
    for _ in range(AT_ONCE):
        assert _code(guesser.get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("s3", "list_buckets", "SlowDown"),
        ("dynamodb", "list_tables", "ThrottlingException"),
        ("kms", "list_keys", "ThrottlingException"),
        ("sts", "get_caller_identity", "Throttling"),
    ],
)
def test_guesses_are_answered_slow_down(aws: Aws, service: str, call: str, code: str) -> None:
    """After twenty failures every service says to wait, in a way that SDKs understand."""
    _guess(aws)
    assert _code(getattr(_guesser(aws, service), call)) == code


def test_a_known_key_goes_on_beside_a_guesser(aws: Aws) -> None:
    """Whoever was seen to be right from the same address is not slowed down."""
    aws.s3.list_buckets()
    _guess(aws)
    aws.s3.list_buckets()


def test_guessing_the_secret_of_a_known_key_is_slowed_down(aws: Aws) -> None:
    """A wrong signature with a key that exists counts as well."""
    guesser = _guesser(aws, "s3", "AKIAHOLDFASTTEST0001")
    for _ in range(AT_ONCE):
        assert _code(guesser.list_buckets) == "SignatureDoesNotMatch"
    assert _code(guesser.list_buckets) == "SlowDown"


def test_a_guess_that_is_not_looked_at_reads_nothing(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused so costs no look into the database."""
    _guess(aws)

    def never(_work: object) -> None:
        raise AssertionError("the database was read")

    monkeypatch.setattr(aws.engine, "view", never)
    assert _code(_guesser(aws, "s3").list_buckets) == "SlowDown"


def test_guessing_at_the_pages_is_slowed_down(aws: Aws) -> None:
    """The pages that take a password count with everything else; health stays open."""
    site, attempts = aws.site, aws.pipeline.serving.attempts
    health = Health(aws.engine, site, Metrics(), attempts)

    def page(path: str, secret: str) -> int:
        headers = Headers([("authorization", basic(ACCESS_KEY_ID, secret))])
        return health.answer(Request("GET", path, "", headers)).status

    assert [page("/-/readyz", "guess") for _ in range(AT_ONCE)] == [401] * AT_ONCE
    assert page("/-/readyz", SECRET) == 503
    assert page("/-/healthz", "guess") == 200
    assert _code(_guesser(aws, "s3").list_buckets) == "SlowDown"
