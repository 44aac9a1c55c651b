"""A receiver of webhooks on this machine, which answers as the test wants."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from patience import PATIENCE, wait_until


@dataclass
class Received:
    """A request that came."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def document(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)

    @property
    def what(self) -> str:
        """The kind of event."""
        return str(self.document["event"])


@dataclass
class WebhookReceiver:
    """Takes what comes."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # statuses of the next answers; then 204
    released: threading.Event = field(default_factory=threading.Event)  # else answers hang

    def wait(self, count: int) -> list[Received]:
        """Return what came, once it is so much."""
        wait_until(lambda: len(self.received) >= count)
        return self.received


@contextmanager
def receiving(tls: tuple[Path, Path] | None = None) -> Iterator[WebhookReceiver]:
    """Lend a receiver that answers at once.

    Args:
        tls: files of its certificate and its key.
    """
    made = WebhookReceiver()
    made.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.received.append(Received(self.path, headers, body))
            made.released.wait(PATIENCE)
            status = made.answers.pop(0) if made.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{made.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        # The handshake is made by the thread of the connection, when it reads.
        wrap: Any = context.wrap_socket
        server.socket = wrap(server.socket, server_side=True, do_handshake_on_connect=False)
    made.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
