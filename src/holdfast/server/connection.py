"""One client connection: uvicorn's HTTP protocol with bounds on headers, time and connections.

What is refused here never becomes a request, so it is answered in S3's form without one.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from holdfast.server.limits import Limits

_ERROR = (
    "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n"
    "connection: close\r\n\r\n"
)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
)


class HeadersTooLarge(Exception):
    """The request line and headers together are over the limit."""


class Connection(HttpToolsProtocol):
    """uvicorn makes one for every connection. `limits` is set by `limited`."""

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """See `HttpToolsProtocol`."""
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = 0
        self._head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse("503 Slow Down", "SlowDown", "Please reduce your request rate.")
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer with the connection."""
        self._head_arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count and to time the head of a request."""
        super().on_message_begin()
        self._head_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: from here on the edge keeps the time."""
        self._head_arrived()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or too much of it."""
        if self._head_bytes > self.limits.header_bytes:
            self._refuse(
                "400 Bad Request",
                "RequestHeaderSectionTooLarge",
                "Your request header and metadata exceeds the maximum allowed size.",
            )
        else:
            self._refuse(
                "400 Bad Request", "BadRequest", "An error occurred when parsing the request."
            )

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.header_bytes:
            raise HeadersTooLarge

    def _await_head(self) -> None:
        self._head_arrived()
        self._head_deadline = self.loop.call_later(self.limits.header_seconds, self._too_slow)

    def _head_arrived(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _too_slow(self) -> None:
        self._refuse(
            "400 Bad Request",
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the "
            "timeout period.",
        )

    def _refuse(self, status: str, code: str, message: str) -> None:
        document = _DOCUMENT.format(code=code, message=message)
        head = _ERROR.format(status=status, length=len(document))
        if not self.transport.is_closing():
            self.transport.write((head + document).encode())
            self.transport.close()


def limited(limits: Limits) -> type[Connection]:
    """Return the protocol class for uvicorn's `http` setting, with these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})
