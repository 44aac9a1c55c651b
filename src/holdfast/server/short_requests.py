"""Short requests on a connection: held until their last byte, and then answered in the event loop.

A request that is short gets no ASGI cycle, which would make a task of it.
"""

import logging
from functools import partial

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.server.direct import Direct
from holdfast.server.edge import Application
from holdfast.server.http_protocol import HttpProtocol, Shared
from holdfast.server.incoming import SLOWEST
from holdfast.server.limits import Limits
from holdfast.server.short import ShortCycle, written

log = logging.getLogger("holdfast.http")

_NEVER_SHORT = frozenset({"transfer-encoding", "expect", "upgrade"})


class ShortRequests(HttpProtocol):
    """HTTP with a short way for short requests. `limited` sets `limits` and `direct`."""

    limits = Limits()
    direct: Direct | None = None  # what answers short requests at once

    def __init__(self, shared: Shared) -> None:
        """See `HttpProtocol`."""
        super().__init__(shared)
        self._short: ShortCycle | None = None  # a request that may be answered directly
        self._latest = 0.0  # until when a short body may take, by the loop's clock

    def data_received(self, data: bytes) -> None:
        """Take bytes; a short body that is not complete is waited for."""
        super().data_received(data)
        if self._short is not None:
            self._await_body()

    def begin(self) -> None:
        """Hold the head of a short request; give every other a cycle."""
        if not self._begin_short():
            super().begin()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        if self._short is not None:
            self._short.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete: if it is a short one, answer it."""
        if self._short is None:
            super().on_message_complete()
            return
        cycle, self._short = self._short, None
        self.patience.stop()
        cycle.more_body = False
        self.answering = cycle
        self._answer(cycle)

    def _begin_short(self) -> bool:
        """Hold the head of a request that is short, if no other is under way; say whether it is."""
        under_way = self.cycle is not None and not self.cycle.response_complete
        if self.direct is None or under_way or self.transport.is_closing():
            return False
        if self.flow.behind:  # who reads no answers gets no more of them until it does
            return False
        if not _NEVER_SHORT.isdisjoint(self.headers.names()):
            return False
        length = int(self.headers.get("content-length") or 0)
        if length > self.limits.buffered_bytes or self.url.startswith(b"/-/"):
            return False
        self._short = ShortCycle(keep_alive=self.keeps_alive())
        self.cycle = self._short
        self._latest = self.loop.time() + self.limits.stall_seconds + length / SLOWEST
        return True

    def _answer(self, cycle: ShortCycle) -> None:
        assert self.direct is not None  # noqa: S101 - or there were no short requests
        method = self.parser.get_method().decode("ascii")
        request = self._request(method)
        answer = self.direct.answer(request, cycle.body, partial(self._respond, cycle, method))
        if answer is not None:
            self._go_on(answer, cycle)

    def _request(self, method: str) -> Request:
        path, _, query = self.url.decode("latin-1").partition("?")
        return Request(
            method=method,
            raw_path=path,
            raw_query=query,
            headers=self.headers,
            secure=self.secure,
            client=self.client,
            peer=self.peer_of_request(),
        )

    def _respond(self, cycle: ShortCycle, method: str, response: Response) -> None:
        if cycle.disconnected or self.transport.is_closing():
            return
        cycle.response_started = cycle.response_complete = True
        try:
            answer = self._written_answer(response, cycle, method)
        except Exception:
            # Others wait for their turn after this one: what is wrong with it must not reach them.
            log.exception("a request could not be answered")
            cycle.keep_alive = False
            answer = self._written_answer(Response(500), cycle, method)
        self.transport.write(answer)
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _written_answer(self, response: Response, cycle: ShortCycle, method: str) -> bytes:
        return written(
            response,
            self.shared.default_headers,
            bodiless=method == "HEAD",
            keep_alive=cycle.keep_alive,
        )

    def _go_on(self, application: Application, short: ShortCycle) -> None:
        """Let a request that turned out to be none of the short ones go on by itself."""
        cycle = self.new_cycle(short.keep_alive)
        cycle.more_body = False
        self.cycle = cycle
        self.start(cycle, application)

    def _await_body(self) -> None:
        seconds = min(self.limits.stall_seconds, self._latest - self.loop.time())
        self.patience.wait(max(0.0, seconds), self._give_up_body)

    def _give_up_body(self) -> None:
        """Refuse a request whose body does not come."""
        cycle, self._short = self._short, None
        if cycle is None or self.direct is None or self.transport.is_closing():
            return
        cycle.keep_alive = False
        method = self.parser.get_method().decode("ascii")
        self.direct.refuse(
            self._request(method),
            ServiceError("RequestTimeout"),
            partial(self._respond, cycle, method),
        )
