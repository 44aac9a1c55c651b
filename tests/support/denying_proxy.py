"""A proxy in front of a server that answers some requests itself, as a service that refuses them."""

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """A request, as far as rules need it."""

    method: str
    path: str  # with the query
    target: str  # DynamoDB's or KMS's operation
    access_key: str
    conditional: bool


Rule = Callable[
    [Asked], tuple[int, str] | None
]  # the status and code of the answer, or None to pass


@contextmanager
def denying(endpoint: str, rule: Rule, *, drop: str = "") -> Iterator[str]:
    """Run a proxy before a server; yields its address.

    Args:
        endpoint: of the server.
        rule: which requests it answers itself.
        drop: a header of answers that it leaves out, in lower case.
    """
    upstream = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with suppress(ConnectionError):  # clients are killed
                super().handle()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
            asked = Asked(
                self.command,
                self.path,
                self.headers.get("X-Amz-Target", "").rpartition(".")[2],
                key[1] if key else "",
                any(name.lower().startswith("if-") for name in self.headers),
            )
            refused = rule(asked)
            if refused:
                self._answer(refused[0], _error(refused[1], asked), [])
                return
            with closing(http.client.HTTPConnection(upstream.netloc)) as connection:
                connection.request(self.command, self.path, body, dict(self.headers))
                found = connection.getresponse()
                content = found.read()
            kept = [
                (name, value)
                for name, value in found.getheaders()
                if name.lower() not in {"content-length", "connection", "transfer-encoding", drop}
            ]
            self._answer(found.status, content, kept)

        def _answer(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _error(code: str, asked: Asked) -> bytes:
    if not code:
        return b""
    if asked.target:
        return f'{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"no"}}'.encode()
    return f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
