"""HTTP/1.1 on one connection: requests are parsed, answered in their order, and the connection kept.

httptools parses. Each request becomes a task that speaks ASGI with the application.
"""

import asyncio
from collections import deque
from typing import Any, cast

import httptools

from holdfast.aws.http import PRESENT, Headers, Peer
from holdfast.server.cycle import Cycle
from holdfast.server.edge import Application, Scope
from holdfast.server.flow import Flow
from holdfast.server.long_body import LongBody
from holdfast.server.patience import Patience
from holdfast.server.short import ShortCycle

_LONG_BYTES = 64 << 10  # of a body that are to come: from here on the parser is left out
_FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for"})  # what proxies add


class Shared:
    """What all connections of a server share."""

    def __init__(self, application: Application, idle_seconds: float) -> None:
        """Begin without connections.

        Args:
            application: what answers requests.
            idle_seconds: how long a connection is kept without a request.
        """
        self.application = application
        self.idle_seconds = idle_seconds
        self.connections: set[HttpProtocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.default_headers: list[tuple[bytes, bytes]] = []


class HttpProtocol(asyncio.Protocol):
    """One connection."""

    def __init__(self, shared: Shared) -> None:
        """Prepare a connection of a server, in its event loop."""
        self.shared = shared
        self.loop = asyncio.get_running_loop()
        # Its types do not say that there is no parser any more when the connection is lost.
        self.parser: Any = self._new_parser()
        self.transport: asyncio.Transport
        self.flow: Flow
        self.client = ""  # its address
        self.peer = Peer()
        self.requests = 0  # that came so far
        self.secure = False
        self.url = b""
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self.headers = Headers()  # of the request that came last
        self.body_left = 0  # bytes of the body that are to come; 0 also if it does not say
        self.cycle: Cycle | ShortCycle | None = None  # of the request that came last
        self.answering: Cycle | ShortCycle | None = None  # the one that is being answered
        self.pipeline: deque[Cycle] = deque()  # requests that wait for those before them
        self.patience = Patience(self.loop)  # with a client from which something has to come

    # ---- the connection ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection."""
        self.shared.connections.add(self)
        self.transport = cast("asyncio.Transport", transport)  # TCP, or TLS on it
        self.flow = Flow(self.transport)
        peer = transport.get_extra_info("peername")
        self.client = str(peer[0]) if peer else ""
        self.secure = transport.get_extra_info("sslcontext") is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request under way that its client has gone."""
        self.shared.connections.discard(self)
        self.peer.gone = True
        self.patience.close()
        for cycle in (self.answering, self.cycle, *self.pipeline):
            if cycle is not None:
                cycle.disconnected = cycle.disconnected or not cycle.response_complete
                cycle.message_event.set()
        self.flow.resume_writing()
        # All of these lead back here: the last body would stay in memory until that is found out.
        self.parser = self.cycle = self.answering = None
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse_unparsed()
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded to: the request is answered as it is, and the parser reads no more.
            if self.cycle is not None:
                self.cycle.keep_alive = False
        else:
            self._begin_long_body()

    def refuse_unparsed(self) -> None:
        """Answer what is no HTTP."""
        self.transport.close()

    def pause_writing(self) -> None:
        """Let the answer wait: the client is behind."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Let the answer go on."""
        self.flow.resume_writing()

    def shutdown(self) -> None:
        """Close at once if idle, else after the answer, because the server stops."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    # ---- a request, as the parser calls --------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.patience.stop()
        self.url = b""
        self.raw_headers = []

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request line."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self.requests += 1
        self.headers = Headers.of_bytes(self.raw_headers)
        self.begin()

    def begin(self) -> None:
        """Begin to answer, or wait until the requests before are answered."""
        before = self.cycle
        self.body_left = _announced(self.headers)
        expects = self.headers.get("expect").lower() == "100-continue"
        cycle = self.cycle = self.new_cycle(self.keeps_alive(), expects=expects)
        if before is None or before.response_complete:
            self.start(cycle, self.shared.application)
        else:
            self.flow.pause_reading()
            self.pipeline.append(cycle)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; what comes after the answer is of no use."""
        self.body_left -= len(body)
        if isinstance(self.cycle, Cycle):
            self.cycle.arrived(body)

    def on_message_complete(self) -> None:
        """The body is complete."""
        self.body_left = 0
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def _begin_long_body(self) -> None:
        """Receive the rest of a body past the parser if it is long, and of the request under way."""
        cycle = self.cycle
        if self.body_left < _LONG_BYTES or not isinstance(cycle, Cycle):
            return
        if cycle is self.answering and not cycle.response_complete:
            body = LongBody(self, cycle, self.body_left, self._end_long_body)
            self.transport.set_protocol(body)

    def _end_long_body(self) -> None:
        self.transport.set_protocol(self)
        self.parser = self._new_parser()  # the one before would still wait for the body
        self.on_message_complete()

    def _new_parser(self) -> Any:
        parser = httptools.HttpRequestParser(self)
        # A client may send the next request before it reads that there will be no next one.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # ---- its answer ----------------------------------------------------------------------------

    def keeps_alive(self) -> bool:
        """Whether another request may follow the one that was parsed last."""
        return self.parser.get_http_version() != "1.0" and bool(self.parser.should_keep_alive())

    def peer_of_request(self) -> Peer:
        """Whose end of the connection tells that the client is gone; a proxy's tells nothing.

        Proxies say so, or open a connection for each request (as nginx does unless told otherwise).
        """
        kept = self.requests > 1 and self.keeps_alive()
        return self.peer if kept and _FORWARDED.isdisjoint(self.headers.names()) else PRESENT

    def new_cycle(self, keep_alive: bool, *, expects: bool = False) -> Cycle:
        """Return a cycle for the request that was parsed last."""
        return Cycle(
            self._scope(),
            self.transport,
            self.flow,
            self.shared.default_headers,
            keep_alive=keep_alive,
            expects=expects,
            on_complete=self.on_response_complete,
        )

    def start(self, cycle: Cycle, application: Application) -> None:
        """Let an application answer, in a task."""
        self.answering = cycle
        task = self.loop.create_task(cycle.run(application))
        self.shared.tasks.add(task)
        task.add_done_callback(self.shared.tasks.discard)

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self.start(self.pipeline.popleft(), self.shared.application)
        elif not self.patience.waits:  # or the next head is on its way
            self.patience.wait(self.shared.idle_seconds, self.close_idle)

    def close_idle(self) -> None:
        """Close what was idle too long."""
        self.transport.close()

    def _scope(self) -> Scope:
        path, _, query = self.url.partition(b"?")
        return {
            "type": "http",
            "method": self.parser.get_method().decode("ascii"),
            "scheme": "https" if self.secure else "http",
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in self.raw_headers],
            "client": (self.client, 0),
            "peer": self.peer_of_request(),
        }


def _announced(headers: Headers) -> int:
    """Return how many bytes a body says that it has, 0 if it comes in chunks."""
    if "transfer-encoding" in headers:
        return 0
    # The parser has refused what is no number, and a second length.
    return int(headers.get("content-length") or 0)
