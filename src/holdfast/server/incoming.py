"""The body of one request as it arrives, with bounds on how long that may take."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from holdfast.aws.http import Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_DRAIN_BYTES = 64 << 20  # of a refused body, so that the client reads the answer instead of a reset
_DRAIN_SECONDS = 10.0
SLOWEST = 1024  # bytes in a second, on the average of a body


class ClientGone(Exception):
    """The client closed the connection before it sent all it promised."""


class Incoming:
    """Takes the body of one request from ASGI."""

    def __init__(self, request: Request, receive: Receive, stall_seconds: float) -> None:
        """Begin with nothing taken.

        Args:
            request: the head.
            receive: ASGI's.
            stall_seconds: how long the client may send nothing, and how far it may fall behind the
                slowest pace that is accepted.
        """
        self.announced = announced(request)  # bytes; endless if it does not say
        self.complete = self.announced == 0
        # Who expects a word before it sends the body sends none if it is refused.
        self.expects = "expect" in request.headers
        self._receive = receive
        self._stall = stall_seconds
        self._stalled = False
        self._waited = 0.0
        self._taken = 0

    async def next(self) -> bytes | memoryview:
        """Return the next bytes, which nobody changes.

        Raises:
            TimeoutError: they do not come, or come too slowly.
            ClientGone: they will never come.
        """
        began = time.monotonic()
        behind = self._waited - self._taken / SLOWEST
        try:
            async with asyncio.timeout(min(self._stall, max(0.0, self._stall - behind))):
                message = await self._receive()
        except TimeoutError:
            self._stalled = True
            raise
        finally:
            self._waited += time.monotonic() - began
        if message["type"] == "http.disconnect":
            raise ClientGone
        data: bytes | memoryview = message.get("body", b"")
        self.complete = not message.get("more_body", False)
        self._taken += len(data)
        return data

    async def whole(self) -> bytes:
        """Return all of the body; raises as `next` does."""
        pieces = []
        while not self.complete:
            pieces.append(await self.next())
        return b"".join(pieces)

    async def drain(self) -> None:
        """Read on for a while after a refusal: a client that still writes would see a reset."""
        if self.expects or self._stalled:
            return
        left = _DRAIN_BYTES
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0 and not self.complete:
                    left -= len(await self.next())
        except (TimeoutError, ClientGone):
            return

    async def gone(self) -> None:
        """Return when the client has closed the connection. Only once the body is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def announced(request: Request) -> float:
    """Return how many bytes the body says it has; endless if it does not say."""
    if "transfer-encoding" in request.headers:
        return float("inf")
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else float("inf")
