"""Serves connections on a socket until it is told to stop, and then lets them end."""

import asyncio
import signal
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import uvloop

from holdfast.aws.timestamps import http_date
from holdfast.server.http_protocol import HttpProtocol, Shared

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_TICK = 0.05  # seconds between two looks at what is still under way


class HttpServer:
    """A server on one socket."""

    def __init__(self, protocol: type[HttpProtocol], shared: Shared, drain_seconds: float) -> None:
        """Prepare.

        Args:
            protocol: made for each connection, of `shared`.
            shared: by all connections.
            drain_seconds: how long requests under way may take when the server stops.
        """
        self._protocol = protocol
        self._shared = shared
        self._drain_seconds = drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event
        self._asked = 0  # how often it was told to stop

    def run(
        self, listener: socket.socket, tls: ssl.SSLContext | None, on_ready: Callable[[], None]
    ) -> None:
        """Serve until SIGTERM or SIGINT; a second SIGINT stops without patience.

        Args:
            listener: is bound.
            tls: if connections are to be encrypted.
            on_ready: called once, when requests are answered.
        """
        for number in _STOPPING:
            signal.signal(number, self._signalled)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(listener, tls, on_ready))
            self._loop = None

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._asked += 1 if number == signal.SIGINT or not self._asked else 0
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(
        self, listener: socket.socket, tls: ssl.SSLContext | None, on_ready: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._loop = loop
        if self._asked:
            return
        self._tell_time(loop)
        server = await loop.create_server(
            lambda: self._protocol(self._shared), sock=listener, ssl=tls, backlog=1024
        )
        on_ready()
        await self._stop.wait()
        server.close()
        await self._end()

    def _tell_time(self, loop: asyncio.AbstractEventLoop) -> None:
        """Renew the Date header, each second."""
        now = datetime.now(UTC)
        self._shared.default_headers[:] = [(b"date", http_date(now).encode())]
        loop.call_later(1 - now.microsecond / 1e6, self._tell_time, loop)

    async def _end(self) -> None:
        """Let what is under way end, for a bounded time."""
        for connection in tuple(self._shared.connections):
            connection.shutdown()
        deadline = time.monotonic() + self._drain_seconds
        while (self._shared.connections or self._shared.tasks) and self._asked < 2:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_TICK)
        for task in tuple(self._shared.tasks):
            task.cancel()
