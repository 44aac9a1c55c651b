"""Requests as bytes: signed like a real client's, then sent, cut or bent over a plain socket."""

import contextlib
import http.client
import io
import json
import re
import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from patience import PATIENCE

UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "kms": "TrentService",
    "holdfast": "Holdfast_20261101",
}
JSON_KINDS = {
    "dynamodb": "application/x-amz-json-1.0",
    "kms": "application/x-amz-json-1.1",
    "holdfast": "application/x-amz-json-1.1",
}


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]  # by lower-case name
    body: bytes

    @property
    def code(self) -> str:
        """AWS's error code, from XML or JSON; nothing if it says none."""
        if self.body.startswith(b"{"):
            kind: str = json.loads(self.body).get("__type", "")
            return kind.rpartition("#")[2]
        found = re.search(rb"<Code>(.*?)</Code>", self.body)
        return found[1].decode() if found else ""

    @property
    def problem(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, self.code


@dataclass(frozen=True)
class Signer:
    """Signs requests for one server with one access key."""

    host: str  # with its port
    access_key_id: str
    secret: str = field(repr=False)
    region: str = "us-east-1"
    token: str | None = field(default=None, repr=False)  # of a session

    def headers(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        service: str = "s3",
        payload_hash: str | None = None,
        host: str = "",
    ) -> dict[str, str]:
        """Return the headers of a signed request, without a length.

        Args:
            method: such as PUT.
            target: path and query, as they are on the wire.
            body: what is signed.
            headers: further ones; they are signed as well.
            service: the signing name.
            payload_hash: what S3's header declares; the hash of the body if None.
            host: as the client addresses it; the server's own if empty.
        """
        url = f"http://{host or self.host}{target}"
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
        key = Credentials(self.access_key_id, self.secret, self.token)
        auth: Any = (S3SigV4Auth if service == "s3" else SigV4Auth)(key, service, self.region)
        if payload_hash is not None:
            auth.payload = lambda _request: payload_hash
        if service == "s3":  # with the path as it is: a key may begin with a slash
            auth._normalize_url_path = lambda _path: target.partition("?")[0]
        auth.add_auth(request)
        signed = {name: _text(value) for name, value in request.headers.items()}
        return {"Host": host or self.host, **signed}

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **how: Any,
    ) -> bytes:
        """Return the bytes of a signed request with its true length."""
        signed = self.headers(method, target, body, headers, **how)
        return head(method, target, {**signed, "Content-Length": str(len(body))}) + body

    def call(self, service: str, operation: str, document: bytes | Any) -> bytes:
        """Return the bytes of a DynamoDB or KMS request."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
            "Content-Type": JSON_KINDS[service],
        }
        return self.request("POST", "/", body, headers, service=service)

    def presigned(self, method: str, target: str, seconds: int = 300) -> str:
        """Return the target of a presigned URL."""
        request = AWSRequest(method=method, url=f"http://{self.host}{target}")
        key = Credentials(self.access_key_id, self.secret)
        S3SigV4QueryAuth(key, "s3", self.region, expires=seconds).add_auth(request)
        parts = urlsplit(str(request.url))
        return f"{parts.path}?{parts.query}"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def head(method: str, target: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a request line and headers, with the empty line."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class _Stream(io.BufferedReader):
    """What comes over a connection; one answer's reader does not close it for the next."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(cast("Any", socket.SocketIO(connection, "r")))

    def makefile(self, _mode: str) -> "_Stream":
        """Pretend to be a socket: `HTTPResponse` asks for this."""
        return self

    def close(self) -> None:
        """Stay open."""


class Peer:
    """One connection to a server."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self._stream = _Stream(self.socket)

    def send(self, data: bytes) -> None:
        """Send all of it, or as much as is taken before the other side closes."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def reply(self, method: str = "GET") -> Reply:
        """Read one answer; `method` says whether it may have a body."""
        response = http.client.HTTPResponse(cast("Any", self._stream), method=method)
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, body)

    def rest(self, seconds: float = PATIENCE) -> bytes:
        """Return whatever comes until the other side closes.

        Raises:
            TimeoutError: it does not close in time.
        """
        got = bytearray()
        deadline = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                piece = self._stream.read1(65536)
            except ConnectionResetError:
                return bytes(got)
            if not piece:
                return bytes(got)
            got += piece

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes, not even an end, for a while."""
        return not select.select([self.socket], [], [], seconds)[0]


@contextlib.contextmanager
def connected(address: tuple[str, int]) -> Iterator[Peer]:
    """Open a connection for a block."""
    peer = Peer(address)
    try:
        yield peer
    finally:
        peer.socket.close()


def ask(address: tuple[str, int], request: bytes) -> Reply:
    """Send a request on a connection of its own and return the answer."""
    with connected(address) as peer:
        peer.send(request)
        return peer.reply(request.partition(b" ")[0].decode("latin-1"))
