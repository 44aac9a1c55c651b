"""How far an answer of many pieces is read ahead of its client."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from holdfast.aws.http import Headers, Request, Response
from holdfast.server.edge import Edge, Send
from holdfast.server.exchange import Exchange
from holdfast.server.health import Health
from holdfast.server.incoming import Message
from holdfast.server.limits import Limits
from holdfast.server.metrics import Metrics
from holdfast.server.pipeline import Pipeline


class _Body:
    """Three pieces; it says how many were read."""

    def __init__(self) -> None:
        self.read = 0
        self.second = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            self.read += 1
            if self.read == 2:
                self.second.set()
            yield piece


def _exchange(body: _Body) -> Exchange:
    made = SimpleNamespace(
        request=Request("GET", "/b/k", "", Headers(())),
        service="s3",
        operation="GetObject",
        error_code="",
        response=Response(200, (), body, 3),
    )
    return cast("Exchange", made)


def _edge() -> Edge:
    pipeline = SimpleNamespace(serving=SimpleNamespace(limits=Limits(threads=4), base_domain=""))
    return Edge(cast("Pipeline", pipeline), cast("Health", None), Metrics())


async def _silent() -> Message:
    await asyncio.sleep(60)
    return {"type": "http.disconnect"}


def test_the_next_piece_is_read_while_the_client_takes_one() -> None:
    """One, and no more: an answer takes little memory however slow its client is."""
    body, edge, sent = _Body(), _edge(), list[bytes]()

    async def send(message: dict[str, Any]) -> None:
        if message.get("body") == b"a":
            assert await asyncio.to_thread(body.second.wait, 10)
            await asyncio.sleep(0.05)
            assert body.read == 2
        sent.append(message.get("body", b""))

    async def run() -> None:
        await edge.going_on(_exchange(body), 0.0)({}, _silent, cast("Send", send))

    asyncio.run(run())
    edge.close()
    assert sent == [b"", b"a", b"b", b"c", b""]
