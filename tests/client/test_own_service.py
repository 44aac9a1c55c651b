"""Holdfast's own service through the library: where it is, and servers that do not have it."""

import os

import pytest

from client_site import Site
from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, NotHoldfast, Unreachable
from holdfast.client.own_service import translated_own
from holdfast.client.settings import BackendSettings, Endpoints
from holdfast.client.translate import Call
from other_server import NOT_OURS, answering

CALL = Call("read the journal", "holdfast:ListJournal", "*")


def asked(url: str | None) -> HoldfastError:
    """Ask a backend whose S3 is there; return how it fails."""
    settings = BackendSettings(
        "bucket",
        "key",
        region="us-east-1",
        access_key="a",
        secret_key="b",
        endpoints=Endpoints(s3=url),
        max_retries=1,
    )
    connection = Backend(settings).connection
    with (
        pytest.raises(HoldfastError) as caught,
        translated_own(CALL, client := connection.holdfast),
    ):
        client.list_journal()
    return caught.value


def test_it_is_where_s3_is(site: Site) -> None:
    """The same address and credentials, and nothing more to set."""
    client = site.backend().connection.holdfast
    with translated_own(CALL, client):
        assert "Entries" in client.list_journal()
    assert client.meta.endpoint_url == site.server.endpoint


@pytest.fixture
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of AWS other than the test's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_no_environment")
def test_aws_is_not_even_asked() -> None:
    """It is clear that it has no such service."""
    error = asked(None)
    assert isinstance(error, NotHoldfast)
    assert "amazonaws.com is not a Holdfast server" in error.happened
    assert "--endpoint URL" in error.next_step


@pytest.mark.usefixtures("_no_environment")
@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (405, "application/xml", NOT_OURS),
        (403, "application/xml", NOT_OURS),
        (501, "application/json", b'{"__type": "InternalFailure", "message": "not implemented"}'),
        (400, "application/x-amz-json-1.1", b'{"__type": "UnknownOperationException"}'),
        (404, "text/html", b"<html>not found</html>"),
        (200, "text/html", b"<html>welcome</html>"),
    ],
)
def test_another_server_is_told_from_ours(status: int, kind: str, body: bytes) -> None:
    """Whatever it answers, the error says that this is no Holdfast server."""
    with answering(status, kind, body) as url:
        error = asked(url)
    assert isinstance(error, NotHoldfast), error
    assert url in error.happened


@pytest.mark.usefixtures("_no_environment")
def test_a_busy_proxy_is_no_other_server() -> None:
    """503 says nothing about who is behind it."""
    with answering(503, "text/html", b"busy") as url:
        assert isinstance(asked(url), Unreachable)
