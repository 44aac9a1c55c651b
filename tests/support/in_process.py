"""Real boto3 clients against the whole pipeline and a real SQLite file, without a socket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from holdfast.aws.http import PRESENT, Headers, Request, Response
from holdfast.cli.server.judging import state_rules
from holdfast.engine.open import open_directory
from holdfast.engine.port import Engine, Writer
from holdfast.engine.vault import Vault
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.operation import Site
from holdfast.server.pipeline import Pipeline
from holdfast.server.services import SERVICES
from holdfast.server.serving import Serving
from real_clients import SESSION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

ENDPOINT = "http://127.0.0.1:8270"
ACCESS_KEY_ID = "AKIAHOLDFASTTEST0001"
SECRET = "test-secret-not-a-real-one"
REGION = "us-east-1"
ACCOUNT = "123456789012"
_IDLE: dict[str, list[Any]] = {}  # by service, for the next server: a client takes long to make


@dataclass
class Clock:
    """The server's time: the real one, moved forward."""

    offset: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        """Return the server's time."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        """Let time pass for the server only."""
        self.offset += timedelta(seconds=seconds)


class RawResponse:
    """What botocore reads a response body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amt: int = 1 << 16, **_: Any) -> Iterator[bytes]:
        """Yield the rest of the body in pieces."""
        while piece := self.read(amt):
            yield piece

    def read(self, amt: int | None = None, **_: Any) -> bytes:
        """Return the next bytes of the body."""
        size = len(self._body) if amt is None else amt
        piece, self._body = self._body[:size], self._body[size:]
        return piece

    def close(self) -> None:
        """Nothing is held."""


class Aws:
    """A server and the clients that talk to it."""

    def __init__(self, directory: Path, engine: Engine, vault: Vault) -> None:
        self.directory = directory
        self.engine = engine
        self.vault = vault
        self.clock = Clock()
        self.restart()
        self.requests: list[AWSPreparedRequest] = []
        self.peer = PRESENT  # at the other end of the connection of what the clients send
        self._lent: list[tuple[str, Any]] = []

    def restart(self) -> None:
        """Begin anew, with nothing in memory."""
        self.site = Site(ACCOUNT, REGION, self.vault, os.urandom, state_rules(self.vault))
        self.pipeline = Pipeline(Serving(self.engine, self.site, SERVICES, self.clock))

    def close(self) -> None:
        """Let the next server use the clients."""
        for service, client in self._lent:
            client.meta.events.unregister("before-send", self._send)
            _IDLE.setdefault(service, []).append(client)
        self._lent.clear()

    @cached_property
    def s3(self) -> "S3Client":
        """The administrator's S3."""
        return cast("S3Client", self._usual("s3"))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The administrator's DynamoDB."""
        return cast("DynamoDBClient", self._usual("dynamodb"))

    @cached_property
    def kms(self) -> "KMSClient":
        """The administrator's KMS."""
        return cast("KMSClient", self._usual("kms"))

    @cached_property
    def sts(self) -> "STSClient":
        """The administrator's STS."""
        return cast("STSClient", self._usual("sts"))

    @cached_property
    def iam(self) -> "IAMClient":
        """The administrator's IAM."""
        return cast("IAMClient", self._usual("iam"))

    @cached_property
    def holdfast(self) -> Any:
        """The administrator's client for Holdfast's own service."""
        return self._usual("holdfast")

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client; options override its defaults."""
        client = self._made(service, **options)
        client.meta.events.register("before-send", self._send)
        return client

    def _usual(self, service: str) -> Any:
        idle = _IDLE.get(service)
        client = idle.pop() if idle else self._made(service)
        client.meta.events.register("before-send", self._send)
        self._lent.append((service, client))
        return client

    def _made(self, service: str, **options: Any) -> Any:
        settings: dict[str, Any] = {
            "region_name": REGION,
            "endpoint_url": ENDPOINT,
            "aws_access_key_id": ACCESS_KEY_ID,
            "aws_secret_access_key": SECRET,
            "config": Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        }
        return SESSION.client(service, **{**settings, **options})

    def send(self, request: Request, body: bytes = b"") -> Response:
        """Send a request as it is."""
        response = self.pipeline.answer(request, body).response
        assert response is not None
        return response

    def again(self, request: AWSPreparedRequest | None = None) -> int:
        """Send a request once more, the last if none is given; return the status of its answer."""
        request = request or self.requests[-1]
        body: Any = request.body
        if hasattr(body, "seek"):
            body.seek(0)
        return self._send(request).status_code

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.requests.append(request)
        url = urlsplit(request.url)
        pairs = [(name, _text(value)) for name, value in request.headers.items()]
        if "Host" not in request.headers:
            pairs.append(("host", url.netloc))
        path = url.path or "/"
        wire = Request(request.method, path, url.query, Headers(pairs), peer=self.peer)
        response = self.send(wire, _body_of(request))
        body = response.body
        whole = body if isinstance(body, bytes) else b"".join(body)
        headers = dict(response.headers)
        if request.method == "HEAD":
            whole = b""
        else:
            headers.setdefault("content-length", str(len(whole)))
        raw: Any = RawResponse(whole)
        return AWSResponse(
            request.url, response.status, cast("Any", HTTPHeaders.from_dict(headers)), raw
        )


@contextmanager
def fresh_server(folder: Path) -> Iterator[Aws]:
    """Open a server with one administrator, whose data are in a new directory of the folder."""
    directory = open_directory(folder / "data")
    now = datetime.now(UTC)

    def first(tx: Writer) -> None:
        create_user(tx, ADMINISTRATOR, now, os.urandom)
        key = NewKey(ACCESS_KEY_ID, SECRET)
        create_access_key(tx, directory.vault, ADMINISTRATOR, now, os.urandom, key)

    directory.engine.update(first)
    made = Aws(directory.path, directory.engine, directory.vault)
    yield made
    made.close()
    directory.close()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body_of(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())
