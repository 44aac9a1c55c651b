"""ASGI in, ASGI out: takes bodies within limits, runs the pipeline on threads, sends the answers.

With `incoming` the only asynchronous code of the server. It knows HTTP and time, nothing of AWS.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import BODILESS, PRESENT, Headers, Request, Response
from holdfast.aws.routing import service_of
from holdfast.engine.port import EngineError
from holdfast.server.access_log import AccessLog
from holdfast.server.exchange import Exchange
from holdfast.server.health import Health
from holdfast.server.httpbackend.address import is_address
from holdfast.server.incoming import ClientGone, Incoming, Message, Receive
from holdfast.server.metrics import Metrics
from holdfast.server.overload import overload
from holdfast.server.pipeline import Pipeline

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")

log = logging.getLogger("holdfast.edge")

_FEED_BYTES = 1 << 20  # hand the pipeline about a chunk at a time
_MOST_FED = 8  # bodies at once: each takes several megabytes and a thread while it is fed


class Edge:
    """The ASGI application."""

    def __init__(
        self,
        pipeline: Pipeline,
        health: Health,
        metrics: Metrics,
        access_log: AccessLog | None = None,
    ) -> None:
        """Join what answers AWS requests and what answers `/-/`.

        Args:
            pipeline: answers AWS requests.
            health: answers `/-/`.
            metrics: is told of every answer.
            access_log: the same, if anybody wants to read of them.
        """
        self.pipeline = pipeline
        self._health = health
        self._metrics = metrics
        self._access_log = access_log
        self._limits = pipeline.serving.limits
        self._under_way = 0
        self._documents = 0
        self._feeding = asyncio.Semaphore(_MOST_FED)
        self._threads = ThreadPoolExecutor(self._limits.threads, "request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = request_of(scope)
        incoming = Incoming(request, receive, self._limits.stall_seconds)
        try:
            if self._is_page(request):
                await self._send(await self._run(self._health.answer, request), incoming, send)
            else:
                await self._counted(request, incoming, send)
        except asyncio.CancelledError:
            log.warning("the server stopped before a request from %s was answered", request.client)

    def full(self, more: int) -> bool:
        """Say whether another request is one too many, if so many more are under way elsewhere."""
        return self._under_way + more >= self._limits.requests

    def going_on(self, exchange: Exchange, began: float) -> Application:
        """Return an application that goes on with a request whose body is taken."""

        async def application(_scope: Scope, receive: Receive, send: Send) -> None:
            incoming = Incoming(exchange.request, receive, self._limits.stall_seconds)
            incoming.complete = True
            self._under_way += 1
            try:
                if exchange.response is None:
                    await self._run(exchange.finish)
                response = exchange.response
                assert response is not None  # noqa: S101 - finished
                try:
                    await self._send(response, incoming, send)
                finally:
                    self.observe(exchange, response, time.perf_counter() - began)
            except asyncio.CancelledError:
                log.warning("the server stopped before %s was answered", exchange.request.client)
            finally:
                self._under_way -= 1

        return application

    def on_thread(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Run something on a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def close(self) -> None:
        """Wait for the threads, and write what is left of the log."""
        self._threads.shutdown(wait=True)
        if self._access_log is not None:
            self._access_log.flush()

    # ---- one request ---------------------------------------------------------------------------

    async def _counted(self, request: Request, incoming: Incoming, send: Send) -> None:
        self._under_way += 1
        self._metrics.under_way = self._under_way
        try:
            await self._answer(request, incoming, send)
        finally:
            self._under_way -= 1
            self._metrics.under_way = self._under_way

    async def _answer(self, request: Request, incoming: Incoming, send: Send) -> None:
        began = time.perf_counter()
        try:
            exchange = await self._exchange(request, incoming)
        except ClientGone:
            if self._access_log is not None:
                self._access_log.add("client gone", {"client": request.client})
            return
        response = exchange.response
        assert response is not None  # noqa: S101 - an exchange that returns is answered
        try:
            await self._send(response, incoming, send)
        finally:
            self.observe(exchange, response, time.perf_counter() - began)

    async def _exchange(self, request: Request, incoming: Incoming) -> Exchange:
        if self._under_way > self._limits.requests:
            exchange = self.pipeline.refuse(request, overload(service_of(request)))
            await incoming.drain()
            return exchange
        if incoming.announced <= self._limits.buffered_bytes and not incoming.expects:
            try:
                body = await incoming.whole()
            except TimeoutError:
                return self.pipeline.refuse(request, ServiceError("RequestTimeout"))
            return await self._run(self.pipeline.answer, request, body)
        exchange = await self._run(self.pipeline.begin, request)
        if exchange.streams:
            await self._take(exchange, incoming)
        else:
            await self._take_document(exchange, incoming)
        if exchange.response is None:
            await self._run(exchange.finish)
        else:
            await incoming.drain()
        return exchange

    async def _take_document(self, exchange: Exchange, incoming: Incoming) -> None:
        """Take a long body that is held in memory: only so many at once."""
        if self._documents >= self._limits.documents and exchange.response is None:
            exchange.refuse(overload(exchange.service))
            return
        self._documents += 1
        try:
            await self._take(exchange, incoming)
        finally:
            self._documents -= 1

    async def _take(self, exchange: Exchange, incoming: Incoming) -> None:
        try:
            await self._feed(exchange, incoming)
        except TimeoutError:
            await self._run(exchange.refuse, ServiceError("RequestTimeout"))
        except ClientGone:
            await self._run(exchange.abandon)
            raise

    async def _feed(self, exchange: Exchange, incoming: Incoming) -> None:
        """Hand over what arrived, and receive the next of it meanwhile."""
        fed: asyncio.Task[None] | None = None
        pieces: list[bytes | memoryview] = []
        size = 0
        try:
            while not incoming.complete and exchange.response is None:
                piece = await incoming.next()
                pieces.append(piece)
                size += len(piece)
                if size >= _FEED_BYTES or (size and incoming.complete):
                    if fed is not None:
                        await fed
                    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                    fed = asyncio.create_task(self._hand_over(exchange, data))
                    pieces, size = [], 0
        finally:
            if fed is not None:
                await fed

    async def _hand_over(self, exchange: Exchange, data: bytes | memoryview) -> None:
        async with self._feeding:
            await self._run(exchange.feed, data)

    # ---- answering -----------------------------------------------------------------------------

    async def _send(self, response: Response, incoming: Incoming, send: Send) -> None:
        body = response.body
        length = len(body) if isinstance(body, bytes) else response.length
        headers = [(name.lower().encode(), _value(value)) for name, value in response.headers]
        if response.status not in BODILESS and not _has_length(headers):
            headers.append((b"content-length", str(length).encode()))
        if not incoming.complete:
            # What is left of the body would be taken for the next request, or waited for forever.
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        gone = asyncio.create_task(incoming.gone())
        try:
            await self._stream(body, gone, send)
        except EngineError:
            # Too late for an error document: the connection is cut, and the client sees that.
            log.exception("a body could not be read to its end")
        finally:
            gone.cancel()

    async def _stream(self, body: Iterable[bytes], gone: "asyncio.Task[None]", send: Send) -> None:
        pieces = iter(body)
        ahead = self.on_thread(next, pieces, None)
        try:
            while (piece := await ahead) is not None:
                ahead = self.on_thread(next, pieces, None)  # while the client takes this one
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if gone.done():
                    return  # nobody takes the rest, so it is not read either
            await send({"type": "http.response.body", "body": b""})
        finally:
            await asyncio.gather(ahead, return_exceptions=True)

    def observe(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """Count an answered request, and log it."""
        self._metrics.observe(
            exchange.service, exchange.operation, response.status, exchange.error_code, seconds
        )
        if self._access_log is not None:
            facts = {"status": response.status, "seconds": round(seconds, 6)}
            self._access_log.add("request", {**exchange.summary(), **facts})

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        return await self.on_thread(work, *args)

    def _is_page(self, request: Request) -> bool:
        """Say whether a request is for a page under `/-/`, where states are answered as well."""
        path = request.raw_path
        on_base_host = self.pipeline.serving.on_base_host
        return path.startswith("/-/") and not is_address(path) and on_base_host(request)


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
        peer=scope.get("peer", PRESENT),
    )


def _value(text: str) -> bytes:
    # User metadata may hold any Unicode; S3 sends it as UTF-8.
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _has_length(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-length" for name, _ in headers)
