"""ASGI in, ASGI out: takes bodies within limits, runs the pipeline on threads, sends the answers.

The only asynchronous file of the server. It knows HTTP and time, and nothing of AWS.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.routing import service_of
from holdfast.engine.port import EngineError
from holdfast.server.exchange import Exchange
from holdfast.server.health import Health
from holdfast.server.metrics import Metrics
from holdfast.server.overload import overload
from holdfast.server.pipeline import Pipeline

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

log = logging.getLogger("holdfast.edge")
access_log = logging.getLogger("holdfast.access")

_FEED_BYTES = 1 << 20  # hand the pipeline about a chunk at a time
_DRAIN_BYTES = 64 << 20  # of a refused body, so that the client reads the answer instead of a reset
_DRAIN_SECONDS = 10.0
_BODILESS = (204, 304)  # RFC 9110, 8.6: no length either


class ClientGone(Exception):
    """The client closed the connection before it sent all it promised."""


class Edge:
    """The ASGI application."""

    def __init__(self, pipeline: Pipeline, health: Health, metrics: Metrics) -> None:
        """Join what answers AWS requests and what answers `/-/`."""
        self._pipeline = pipeline
        self._health = health
        self._metrics = metrics
        self._limits = pipeline.limits
        self._under_way = 0
        self._threads = ThreadPoolExecutor(pipeline.limits.threads, "request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = request_of(scope)
        if request.raw_path.startswith("/-/") and self._on_base_host(request):
            await self._send(await self._run(self._health.answer, request), send)
            return
        self._under_way += 1
        self._metrics.under_way.set(self._under_way)
        try:
            await self._answer(request, receive, send)
        finally:
            self._under_way -= 1
            self._metrics.under_way.set(self._under_way)

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.shutdown(wait=True)

    # ---- one request ---------------------------------------------------------------------------

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            exchange = await self._exchange(request, receive)
        except ClientGone:
            access_log.info("client gone", extra={"client": request.client})
            return
        response = exchange.response
        assert response is not None  # noqa: S101 - an exchange that returns is answered
        try:
            await self._send(response, send)
        finally:
            self._observe(exchange, response, time.perf_counter() - began)

    async def _exchange(self, request: Request, receive: Receive) -> Exchange:
        if self._under_way > self._limits.requests:
            return self._pipeline.refuse(request, overload(service_of(request)))
        if _announced(request) <= self._limits.buffered_bytes:
            try:
                body = await self._whole(receive)
            except TimeoutError:
                return self._pipeline.refuse(request, ServiceError("RequestTimeout"))
            return await self._run(self._pipeline.answer, request, body)
        exchange = await self._run(self._pipeline.begin, request)
        try:
            await self._feed(exchange, receive)
        except TimeoutError:
            await self._run(exchange.refuse, ServiceError("RequestTimeout"))
            return exchange
        except ClientGone:
            await self._run(exchange.abandon)
            raise
        if exchange.response is None:
            await self._run(exchange.finish)
        elif "expect" not in request.headers:
            await self._drain(receive)
        return exchange

    async def _feed(self, exchange: Exchange, receive: Receive) -> None:
        pending = bytearray()
        more = True
        while more and exchange.response is None:
            data, more = await self._next(receive)
            pending += data
            if len(pending) >= _FEED_BYTES or (pending and not more):
                await self._run(exchange.feed, bytes(pending))
                pending.clear()

    async def _whole(self, receive: Receive) -> bytes:
        data, more = await self._next(receive)
        if not more:
            return data
        body = bytearray(data)
        while more:
            data, more = await self._next(receive)
            body += data
        return bytes(body)

    async def _next(self, receive: Receive) -> tuple[bytes, bool]:
        async with asyncio.timeout(self._limits.stall_seconds):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)

    async def _drain(self, receive: Receive) -> None:
        """Read on for a while after a refusal: a client that still writes would see a reset."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                left, more = _DRAIN_BYTES, True
                while more and left > 0:
                    data, more = await self._next(receive)
                    left -= len(data)
        except (TimeoutError, ClientGone):
            return

    # ---- answering -----------------------------------------------------------------------------

    async def _send(self, response: Response, send: Send) -> None:
        body = response.body
        length = len(body) if isinstance(body, bytes) else response.length
        headers = [(name.lower().encode(), _value(value)) for name, value in response.headers]
        if response.status not in _BODILESS and not _has_length(headers):
            headers.append((b"content-length", str(length).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        pieces = iter(body)
        try:
            while (piece := await self._run(next, pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except EngineError:
            # Too late for an error document: the connection is cut, and the client sees that.
            log.exception("a body could not be read to its end")
            return
        await send({"type": "http.response.body", "body": b""})

    def _observe(self, exchange: Exchange, response: Response, seconds: float) -> None:
        self._metrics.observe(
            exchange.service, exchange.operation, response.status, exchange.error_code, seconds
        )
        if access_log.isEnabledFor(logging.INFO):
            facts = {"status": response.status, "seconds": round(seconds, 6)}
            access_log.info("request", extra={**exchange.summary(), **facts})

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def _on_base_host(self, request: Request) -> bool:
        base = self._pipeline.base_domain
        return not base or not request.host.partition(":")[0].endswith("." + base)


def request_of(scope: Scope) -> Request:
    """Make a request of an ASGI scope."""
    client = scope.get("client")
    return Request(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=Headers((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"]),
        secure=scope["scheme"] == "https",
        client=client[0] if client else "",
    )


def _announced(request: Request) -> float:
    """How long the body says it is; endless if it does not say."""
    if "transfer-encoding" in request.headers:
        return float("inf")
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else float("inf")


def _value(text: str) -> bytes:
    # User metadata may hold any Unicode; S3 sends it as UTF-8.
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _has_length(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-length" for name, _ in headers)
