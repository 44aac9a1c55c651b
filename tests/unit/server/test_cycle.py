"""How an answer that comes by ASGI goes over the wire, and what becomes of one that fails."""

import asyncio
from typing import Any

import pytest

from holdfast.server.cycle import Cycle
from holdfast.server.edge import Application, Scope, Send
from holdfast.server.flow import Flow
from holdfast.server.incoming import Receive
from kept_wire import KeptWire

_DATE = (b"date", b"today")


def _answered(application: Application, method: str = "GET", *, expects: bool = False) -> KeptWire:
    wire = KeptWire()

    async def run() -> None:
        cycle = Cycle(
            {"method": method},
            wire,
            Flow(wire),
            [_DATE],
            keep_alive=True,
            expects=expects,
            on_complete=lambda: None,
        )
        cycle.more_body = False
        cycle.message_event.set()
        await cycle.run(application)

    asyncio.run(run())
    return wire


def _application(
    *pieces: bytes, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Application:
    """Return an application that sends these pieces of a body."""

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        start: dict[str, Any] = {"type": "http.response.start", "status": status}
        await send({**start, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return application


def test_a_body_of_announced_length_is_written_as_it_is() -> None:
    """The defaults come first, and the connection stays open."""
    wire = _answered(_application(b"ab", b"c", headers=((b"content-length", b"3"),)))
    head = b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 3\r\n\r\n"
    assert (wire.written, wire.closed) == (head + b"abc", False)


def test_a_body_without_length_goes_in_chunks() -> None:
    """An empty piece is no chunk: it would end the body."""
    wire = _answered(_application(b"ab", b"", b"c"))
    assert wire.written.endswith(b"chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_what_has_no_body_has_no_chunks(method: str, status: int) -> None:
    """Neither an answer to HEAD, nor one of a status without a body."""
    wire = _answered(_application(status=status), method)
    assert wire.written.endswith(b"date: today\r\n\r\n")


def test_an_answer_to_head_keeps_the_length_and_leaves_out_the_body() -> None:
    """Also when the application sends the body."""
    wire = _answered(_application(b"abc", headers=((b"content-length", b"3"),)), "HEAD")
    assert wire.written.endswith(b"content-length: 3\r\n\r\n")
    assert not wire.closed


@pytest.mark.parametrize("sent", [b"ab", b"abcd"])
def test_a_body_of_another_length_ends_the_connection(sent: bytes) -> None:
    """The client must not take it for the whole, nor the rest for another answer."""
    wire = _answered(_application(sent, headers=((b"content-length", b"3"),)))
    assert wire.closed


def test_a_header_cannot_break_out_of_its_line() -> None:
    """The answer becomes a failure of the server instead."""
    wire = _answered(_application(headers=((b"x-amz-meta-a", b"1\r\nset-cookie: 2"),)))
    assert wire.written.startswith(b"HTTP/1.1 500 ")
    assert b"cookie" not in wire.written
    assert wire.closed


def test_an_application_that_raises_is_answered_for() -> None:
    """With a status of 500, and the end of the connection."""

    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise LookupError

    wire = _answered(application)
    assert wire.written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert wire.closed


def test_who_waits_for_a_word_gets_it_when_the_body_is_asked_for() -> None:
    """And not before: a refused body need not be sent."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await _application()(scope, receive, send)

    assert _answered(application, expects=True).written.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    refused = _answered(_application(), expects=True)
    assert refused.written.startswith(b"HTTP/1.1 200 OK\r\n")
