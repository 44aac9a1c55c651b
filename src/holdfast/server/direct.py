"""Short requests, answered where they arrive: in the event loop, without a task, a thread or a wait.

A request whose body came at once and whose operation is brief is answered before the next is looked at.
What writes is gathered: all that has arrived meanwhile goes into one commit. Everything else goes on as
an ASGI request, on threads.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.routing import service_of
from holdfast.engine.port import EngineError, Outcome, Work
from holdfast.server.edge import Application, Edge
from holdfast.server.exchange import Exchange
from holdfast.server.overload import overload

Respond = Callable[[Response], None]

_MOST_TOGETHER = 256  # updates in one commit
_SLOW_COMMIT = 0.004  # seconds; from here on commits are left to a thread
_MOST_AT_ONCE = 1 << 20  # bytes of a body that is sent in one piece


class Waiting(NamedTuple):
    """A request whose transaction waits for the next commit."""

    exchange: Exchange
    work: Work
    respond: Respond
    began: float  # time.perf_counter()


class Direct:
    """Answers short requests of all connections of one event loop."""

    def __init__(self, edge: Edge) -> None:
        """Answer as this edge does, sooner."""
        self._edge = edge
        self._pipeline = edge.pipeline
        self._engine = edge.pipeline.serving.engine
        self._waiting: list[Waiting] = []
        self._asked = False  # for the turn to write
        self._pace = 0.0  # seconds that a commit takes, lately

    def answer(self, request: Request, body: bytes, respond: Respond) -> Application | None:
        """Take a whole request; return what goes on with it if it is not for here.

        Args:
            request: the head.
            body: all of it.
            respond: called with the answer, now or after the next commit.
        """
        began = time.perf_counter()
        if self._edge.full(len(self._waiting)):
            exchange = self._pipeline.refuse(request, overload(service_of(request)))
        else:
            exchange = self._pipeline.begin(request)
            exchange.take(body)
        if exchange.response is None:
            if not exchange.brief:
                return self._edge.going_on(exchange, began)
            if exchange.writes and (work := exchange.work()) is not None:
                self._gather(Waiting(exchange, work, respond, began))
                return None
            exchange.finish()
        response = exchange.response
        assert response is not None  # noqa: S101 - finished
        if not isinstance(response.body, bytes):
            if response.length is None or response.length > _MOST_AT_ONCE:
                return self._edge.going_on(exchange, began)
            exchange.collect()
        self._finish(exchange, respond, began)
        return None

    def refuse(self, request: Request, error: ServiceError, respond: Respond) -> None:
        """Answer a request with an error, unread."""
        self._finish(self._pipeline.refuse(request, error), respond, time.perf_counter())

    def _finish(self, exchange: Exchange, respond: Respond, began: float) -> None:
        assert exchange.response is not None  # noqa: S101 - the caller saw to it
        respond(exchange.response)
        self._edge.observe(exchange, exchange.response, time.perf_counter() - began)

    # ---- writing -------------------------------------------------------------------------------

    def _gather(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        if not self._asked:
            self._asked = True
            # What else arrives in this round of the loop goes into the same commit.
            asyncio.get_running_loop().call_soon(self._ask)

    def _ask(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._commit)

        try:
            if self._engine.ask_turn(wake):
                self._commit()
        except EngineError as closed:
            self._fail(closed)

    def _commit(self) -> None:
        """Use the turn: everything that waits goes into one commit."""
        batch, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
        works = [waiting.work for waiting in batch]
        if self._pace > _SLOW_COMMIT:
            done = self._edge.on_thread(self._timed, works)
            done.add_done_callback(lambda future: self._conclude(batch, future.result()))
        else:
            self._conclude(batch, self._timed(works))

    def _timed(self, works: list[Work]) -> list[Outcome]:
        began = time.perf_counter()
        outcomes = self._engine.update_all(works)
        self._pace += (time.perf_counter() - began - self._pace) / 8
        return outcomes

    def _conclude(self, batch: list[Waiting], outcomes: list[Outcome]) -> None:
        self._asked = bool(self._waiting)
        if self._asked:
            asyncio.get_running_loop().call_soon(self._ask)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.exchange.conclude(outcome)
            self._finish(waiting.exchange, waiting.respond, waiting.began)

    def _fail(self, problem: EngineError) -> None:
        batch, self._waiting = self._waiting, []
        self._conclude(batch, [Outcome(None, problem)] * len(batch))
