"""Short requests on a connection: whatever their answers are, each gets one."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest

from holdfast.aws.http import PRESENT, Request, Response
from holdfast.server.connection import limited
from holdfast.server.direct import Direct
from holdfast.server.http_protocol import Shared
from holdfast.server.limits import Limits
from kept_wire import KeptWire

_REQUEST = b"GET /bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\n"


class _Answers:
    """Answers every request with the same response, at once."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self.asked: list[Request] = []

    def answer(self, request: Request, _body: bytes, respond: Callable[[Response], None]) -> None:
        self.asked.append(request)
        respond(self._response)


async def _no_application(*_: Any) -> None:
    raise AssertionError("nothing is left for the application")


def _asked(response: Response, requests: int = 1) -> KeptWire:
    wire = KeptWire()

    async def run() -> None:
        shared = Shared(_no_application, idle_seconds=5)
        connection = limited(Limits(), cast("Direct", _Answers(response)))(shared)
        connection.connection_made(wire)
        for _ in range(requests):
            connection.data_received(_REQUEST)
        connection.connection_lost(None)

    asyncio.run(run())
    return wire


def test_one_answer_after_another() -> None:
    """The connection is kept."""
    wire = _asked(Response(200, body=b"yes"), requests=3)
    assert wire.written.count(b"HTTP/1.1 200 OK") == 3
    assert not wire.closed


def test_an_answer_that_cannot_be_written_is_an_error() -> None:
    """Whoever else waits for an answer is not kept from it, and this client does not hang."""
    wire = _asked(Response(200, (("x", "a\x01"),), b"yes"))
    assert wire.written.startswith(b"HTTP/1.1 500 ")
    assert b"\x01" not in wire.written
    assert wire.closed


def test_nothing_holds_a_connection_that_is_lost() -> None:
    """Its last body goes with it, and not when the collector comes by."""
    left: list[weakref.ref[Any]] = []

    async def run() -> None:
        shared = Shared(_no_application, idle_seconds=5)
        connection = limited(Limits(), cast("Direct", _Answers(Response(200))))(shared)
        connection.connection_made(KeptWire())
        connection.data_received(_REQUEST)
        connection.connection_lost(None)
        left.append(weakref.ref(connection))

    gc.disable()
    try:
        asyncio.run(run())
        assert left[0]() is None
    finally:
        gc.enable()


def _last_of(requests: int, header: bytes) -> Request:
    """Return the last request of a connection that has ended; it has one more header."""
    answers = _Answers(Response(200))

    async def run() -> None:
        shared = Shared(_no_application, idle_seconds=5)
        connection = limited(Limits(), cast("Direct", answers))(shared)
        connection.connection_made(KeptWire())
        for _ in range(requests - 1):
            connection.data_received(_REQUEST)
        connection.data_received(_REQUEST[:-2] + header + b"\r\n\r\n")
        connection.connection_lost(None)

    asyncio.run(run())
    return answers.asked[-1]


def test_a_client_is_gone_with_its_connection() -> None:
    """Whoever waits for it need not."""
    assert _last_of(2, b"X-Other: 1").peer.gone


@pytest.mark.parametrize(
    "header", [b"Connection: close", b"X-Forwarded-For: 192.0.2.7", b"Via: 1.1 proxy"]
)
def test_the_end_of_the_connection_of_a_proxy_says_nothing_of_the_client(header: bytes) -> None:
    """Some say that they are there, or that it is the last request."""
    assert _last_of(2, header).peer is PRESENT


def test_the_end_of_a_connection_with_one_request_says_nothing_of_the_client() -> None:
    """There may be one for each."""
    assert _last_of(1, b"X-Other: 1").peer is PRESENT
