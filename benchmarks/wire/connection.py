"""One client's connections: a request goes out, its answer comes back to a callback."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from benchmarks.wire.answers import Answer, AnswerParser, BadAnswer
from benchmarks.wire.requests import Request

LOST = Answer(0, b"", 0, closes=True)  # stands for an answer that never came whole


class Client:
    """Asks one request at a time, over one connection to each endpoint."""

    def __init__(self) -> None:
        """Connections are opened by the first request to an endpoint."""
        self._connections: dict[str, _Connection] = {}

    def ask(self, request: Request, then: Callable[[Answer], None]) -> None:
        """Send a request, and call `then` with its answer, or with `LOST`."""
        connection = self._connections.get(request.endpoint)
        if connection is None:
            connection = self._connections[request.endpoint] = _Connection(request.endpoint)
        connection.ask(request, then)

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self._connections.values():
            connection.close()


class _Connection:
    """The way to one endpoint; a new link is made whenever the server has closed the last."""

    def __init__(self, endpoint: str) -> None:
        target = urlsplit(endpoint)
        self._address = (target.hostname or "", target.port or 80)
        self._link: _Link | None = None
        self._request: Request | None = None
        self._then: Callable[[Answer], None] | None = None
        self._opening: asyncio.Task[None] | None = None

    def ask(self, request: Request, then: Callable[[Answer], None]) -> None:
        self._request, self._then = request, then
        if self._link is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
        else:
            self._link.send(request)

    def close(self) -> None:
        self._then = None
        if self._opening is not None:
            self._opening.cancel()
        if self._link is not None:
            self._link.close()

    def answered(self, answer: Answer) -> None:
        then, self._then, self._request = self._then, None, None
        if answer.closes and self._link is not None:
            self._link.close()
            self._link = None
        if then is not None:
            then(answer)

    def ended(self, link: "_Link", answer: Answer) -> None:
        """Take the end of a link; an older one than the present does not matter any more."""
        if link is self._link:
            self._link = None
            if self._then is not None:
                self.answered(answer)

    async def _open(self) -> None:
        try:
            _, self._link = await asyncio.get_running_loop().create_connection(
                lambda: _Link(self), *self._address
            )
        except OSError:
            self.answered(LOST)
            return
        if self._request is not None:
            self._link.send(self._request)


class _Link(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, owner: _Connection) -> None:
        self._owner = owner
        self._parser = AnswerParser()
        self._transport: asyncio.Transport | None = None

    def send(self, request: Request) -> None:
        assert self._transport is not None  # noqa: S101 - it was made before
        self._parser.expect(request.method)
        self._transport.write(request.wire)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # uvloop's is no asyncio.Transport

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._parser.feed(data)
        except (BadAnswer, ValueError):
            answer = LOST
        if answer is not None:
            self._owner.answered(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._owner.ended(self, self._parser.end() or LOST)
