"""One request and its answer as ASGI sees them: messages in, messages out, and bytes on the wire."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

from holdfast.aws.http import BODILESS, CONTROL
from holdfast.server.edge import Application, Scope
from holdfast.server.flow import Flow
from holdfast.server.incoming import Message

log = logging.getLogger("holdfast.http")

_HELD_BYTES = 64 << 10  # of a body, before the client has to wait
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class Cycle:
    """A request under way that has a task of its own."""

    def __init__(
        self,
        scope: Scope,
        transport: asyncio.Transport,
        flow: Flow,
        defaults: Sequence[tuple[bytes, bytes]],
        *,
        keep_alive: bool,
        expects: bool,
        on_complete: Callable[[], None],
    ) -> None:
        """Begin with nothing of the body.

        Args:
            scope: ASGI's.
            transport: of the connection.
            flow: of the connection.
            defaults: headers that every answer has.
            keep_alive: whether another request may follow.
            expects: whether the client waits for a word before it sends the body.
            on_complete: called once the answer is written.
        """
        self._pieces: list[bytes | memoryview] = []  # what has come and was not taken yet
        self._held = 0  # bytes of them
        self.more_body = True
        self.message_event = asyncio.Event()  # something has come, or the client has gone
        self.disconnected = False
        self.keep_alive = keep_alive
        self.response_started = False
        self.response_complete = False
        self._scope = scope
        self._transport = transport
        self._flow = flow
        self._defaults = defaults
        self._expects = expects
        self._on_complete = on_complete
        self._length: int | None = None  # bytes of the answer that are to come; None: in chunks

    async def run(self, application: Application) -> None:
        """Let an application answer; if it fails, say so or close the connection."""
        try:
            await application(self._scope, self.receive, self.send)
        except BaseException:
            log.exception("a request could not be answered")
        if self.disconnected or self.response_complete:
            return
        if self.response_started:
            self._transport.close()  # the client must not take it for the whole
        else:
            await self._fail()

    async def receive(self) -> Message:
        """Return the next piece of the body, or that the client has gone. See ASGI."""
        if self._expects and not self._transport.is_closing():
            self._expects = False
            self._transport.write(_GO_ON)
        if not self.disconnected and not self.response_complete:
            self._flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.take(), "more_body": self.more_body}

    def arrived(self, piece: bytes | memoryview) -> None:
        """Take a piece of the body, which nobody changes any more. After the answer it is of no use."""
        if self.response_complete:
            return
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _HELD_BYTES:
            self._flow.pause_reading()
        self.message_event.set()

    def take(self) -> bytes | memoryview:
        """Return what has come of the body and was not taken yet."""
        pieces, self._pieces, self._held = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def send(self, message: Message) -> None:
        """Write the head of the answer, or a piece of its body. See ASGI.

        Raises:
            RuntimeError: the body is not as long as was announced.
            ValueError: a header would break out of its line.
        """
        if not self.disconnected:
            await self._flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._transport.write(self._head(message["status"], message.get("headers", ())))
            self.response_started = True
            self._expects = False
        else:
            self._write(message.get("body", b""), last=not message.get("more_body", False))

    def _head(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        pieces = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()]
        bodiless = self._scope["method"] == "HEAD" or status in BODILESS
        self._length = 0 if bodiless else None
        for name, value in (*self._defaults, *headers):
            line = name + b": " + value
            if len(line.translate(None, CONTROL)) != len(line):
                raise ValueError("a header breaks out of its line")
            pieces.append(line + b"\r\n")
            if name == b"content-length" and not bodiless:
                self._length = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if not self.keep_alive and (b"connection", b"close") not in headers:
            pieces.append(b"connection: close\r\n")
        if self._length is None:
            pieces.append(b"transfer-encoding: chunked\r\n")
        return b"".join((*pieces, b"\r\n"))

    def _write(self, body: bytes, *, last: bool) -> None:
        if self._scope["method"] == "HEAD":
            body = b""
        if self._length is None:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self._transport.write(chunk + b"0\r\n\r\n" if last else chunk)
        else:
            self._length -= len(body)
            if self._length < 0 or (last and self._length):
                raise RuntimeError("the body is not as long as its announced length")
            self._transport.write(body)
        if last:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self._transport.close()
            self._on_complete()

    async def _fail(self) -> None:
        length = (b"content-length", b"0")
        start = {"status": 500, "headers": [length, (b"connection", b"close")]}
        await self.send({"type": "http.response.start", **start})
        await self.send({"type": "http.response.body", "body": b""})
