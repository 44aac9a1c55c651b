"""One client connection: HTTP with bounds on headers, time and connections.

What is refused here never becomes a request, so it is answered in S3's form without one.
"""

import asyncio
from itertools import chain

import httptools

from holdfast.server.direct import Direct
from holdfast.server.http_protocol import Shared
from holdfast.server.limits import Limits
from holdfast.server.request_line import Fault, Unacceptable, checked_target
from holdfast.server.short_requests import ShortRequests

_ERROR = (
    "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n"
    "connection: close\r\n\r\n"
)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
)
_FAREWELL_SECONDS = 1.0  # for an idle client to agree to the end of TLS; most never do
_FRAMING = 4  # bytes of a header besides its name and value: ": " and the end of the line
_MOST_PIPELINED = 16  # requests that wait on one connection; their headers are held meanwhile

_BAD_REQUEST = Fault("400 Bad Request", "BadRequest", "An error occurred when parsing the request.")
_TOO_LARGE = Fault(
    "400 Bad Request",
    "RequestHeaderSectionTooLarge",
    "Your request header and metadata exceeds the maximum allowed size.",
)
_TOO_SLOW = Fault(
    "400 Bad Request",
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout "
    "period.",
)
_TOO_MANY = Fault("503 Slow Down", "SlowDown", "Please reduce your request rate.")


class Connection(ShortRequests):
    """The server makes one for every connection. `limits` is set by `limited`."""

    def __init__(self, shared: Shared) -> None:
        """See `HttpProtocol`."""
        super().__init__(shared)
        self._in_head = False
        self._head_bytes = 0  # that came after the piece that the head began in
        self._write_deadline: asyncio.TimerHandle | None = None
        self._fault = _BAD_REQUEST

    # ---- the connection ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or turn it away if there are too many."""
        super().connection_made(transport)
        if len(self.shared.connections) > self.limits.connections:
            self._refuse(_TOO_MANY)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers with the connection."""
        self._written()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes. Whatever they were, something times what is to come, and bounds a head."""
        in_head = self._in_head
        super().data_received(data)
        if in_head and self._in_head:  # the parser would keep a header without end
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.header_bytes:
                self._refuse(_TOO_LARGE)
        if self._short is not None:
            return
        idle = self.cycle is None or self.cycle.response_complete
        if idle and not self.patience.waits and not self.transport.is_closing():
            self._await_head()

    def pause_writing(self) -> None:
        """Watch that a client that is behind goes on reading."""
        super().pause_writing()
        self._await_written()

    def resume_writing(self) -> None:
        """The client has read on."""
        self._written()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """An answer is written; if it was the last, the client has a while to take it."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_written()

    def close_idle(self) -> None:
        """Close what was idle too long."""
        super().close_idle()
        self._await_written()

    def shutdown(self) -> None:
        """Close what is idle when the server stops; over TLS, also without the client's agreement."""
        super().shutdown()
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self._written()
            self._write_deadline = self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)

    # ---- a request -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin to count and to time the head of a request."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._await_head()
        if len(self.pipeline) >= _MOST_PIPELINED:
            self._stop(_TOO_MANY)

    def begin(self) -> None:
        """The head is complete: from here on the edge keeps the time."""
        self.patience.stop()
        self._in_head = False
        size = len(self.url) + sum(map(len, chain.from_iterable(self.raw_headers)))
        if size + _FRAMING * len(self.raw_headers) > self.limits.header_bytes:
            self._stop(_TOO_LARGE)
        try:
            version = self.parser.get_http_version()
            self.url = checked_target(self.url, self.headers, version)
        except Unacceptable as problem:
            self._stop(problem.fault)
        except httptools.HttpParserInvalidURLError:
            self._stop(_BAD_REQUEST)
        super().begin()

    def refuse_unparsed(self) -> None:
        """Answer what is not HTTP, or too much of it."""
        self._refuse(self._fault)

    def _stop(self, fault: Fault) -> None:
        """Stop the parser: it passes the exception on as one of its own."""
        self._fault = fault
        raise Unacceptable(fault)

    # ---- time ----------------------------------------------------------------------------------

    def _await_head(self) -> None:
        self.patience.wait(self.limits.header_seconds, self._refuse_slow)

    def _refuse_slow(self) -> None:
        self._refuse(_TOO_SLOW)

    def _await_written(self) -> None:
        self._written()
        self._write_deadline = self.loop.call_later(
            self.limits.stall_seconds, self._check_written, self.transport.get_write_buffer_size()
        )

    def _written(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _check_written(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._await_written()
        else:
            self.transport.abort()

    # ---- refusing ------------------------------------------------------------------------------

    def _refuse(self, fault: Fault) -> None:
        """Answer and close; an answer that is already on its way goes first, and is the last."""
        if self.transport.is_closing():
            return
        under_way = self.answering
        if under_way is not None and not under_way.response_complete and not under_way.more_body:
            under_way.keep_alive = False
            self.pipeline.clear()
            self.flow.pause_reading()
            return
        if under_way is None or not (under_way.more_body and under_way.response_started):
            document = _DOCUMENT.format(code=fault.code, message=fault.message)
            head = _ERROR.format(status=fault.status, length=len(document))
            self.transport.write((head + document).encode())
        self.transport.close()
        self._await_written()


def limited(limits: Limits, direct: Direct | None = None) -> type[Connection]:
    """Return the class of connections with these limits.

    Args:
        limits: on sizes and times.
        direct: what answers short requests at once, if anything does.
    """
    return type("LimitedConnection", (Connection,), {"limits": limits, "direct": direct})
