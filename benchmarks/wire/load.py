"""Clients that repeat their requests until the time is over, and what they saw."""

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop
from benchmarks.wire.answers import Answer
from benchmarks.wire.connection import Client
from benchmarks.wire.requests import Request

_T = TypeVar("_T")
_GRACE = 60.0  # seconds for the requests under way when the time is over


class TooSlow(Exception):
    """The server did not get done within the time that it had."""


class Refused(Exception):
    """The server answered otherwise than it had to; the message says how."""


@dataclass(slots=True)
class Outcome:
    """What clients saw."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)  # of each whole cycle, seconds
    failures: int = 0  # answers that were not the wanted ones
    first_failure: str = ""

    def note(self, request: Request, answer: Answer) -> None:
        """Count an answer if it is not the wanted one."""
        if request.is_good(answer.status, answer.length):
            return
        self.failures += 1
        if not self.first_failure:
            method = request.wire.split(b" HTTP/", 1)[0].decode(errors="replace")
            said = answer.body[:200].decode(errors="replace")
            self.first_failure = f"{method}: status {answer.status} {said}".strip()


class _Repeater:
    """One client that does the same cycle of requests again and again."""

    def __init__(self, cycle: Sequence[Request], outcome: Outcome, until: float | None) -> None:
        self._cycle, self._outcome, self._until = cycle, outcome, until
        self._client = Client()
        self._at, self._began = 0, 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._step()

    def _step(self) -> None:
        if self._at == 0:
            self._began = time.perf_counter()
        self._client.ask(self._cycle[self._at], self._answered)

    def _answered(self, answer: Answer) -> None:
        self._outcome.note(self._cycle[self._at], answer)
        self._at += 1
        if self._at == len(self._cycle):
            now = time.perf_counter()
            self._outcome.times.append(now - self._began)
            self._at = 0
            if self._until is None or now >= self._until:
                self._client.close()
                if not self.done.done():
                    self.done.set_result(None)
                return
        self._step()


def repeat(cycles: Sequence[Sequence[Request]], seconds: float) -> Outcome:
    """Let one client per cycle repeat it for so many seconds.

    Raises:
        TooSlow: A client's last cycle did not end.
    """

    async def work() -> Outcome:
        outcome, began = Outcome(), time.perf_counter()
        clients = [_Repeater(cycle, outcome, began + seconds) for cycle in cycles]
        await within(seconds + _GRACE, asyncio.gather(*(client.done for client in clients)))
        outcome.seconds = time.perf_counter() - began
        return outcome

    return run(work())


def once(requests: Sequence[Request], clients: int, seconds: float) -> Outcome:
    """Send each of many requests once, from several clients, within so many seconds.

    Raises:
        TooSlow: Not all were answered in time; the message says how many were.
    """
    waiting = iter(requests)
    outcome = Outcome()

    async def one() -> None:
        client = Client()
        try:
            for request in waiting:
                began = time.perf_counter()
                outcome.note(request, await _ask(client, request))
                outcome.times.append(time.perf_counter() - began)
        finally:
            client.close()

    async def work() -> Outcome:
        began = time.perf_counter()
        try:
            await within(seconds, asyncio.gather(*(one() for _ in range(clients))))
        except TooSlow as slow:
            did = f"{len(outcome.times):,} of {len(requests):,} requests in {seconds:.0f} s"
            raise TooSlow(f"too slow: {did}") from slow
        outcome.seconds = time.perf_counter() - began
        return outcome

    return run(work())


def ask(request: Request, seconds: float = 30.0) -> Answer:
    """Send one request and return its answer, whatever it is.

    Raises:
        TooSlow: It did not come in time.
    """

    async def work() -> Answer:
        client = Client()
        try:
            return await within(seconds, _ask(client, request))
        finally:
            client.close()

    return run(work())


def must(request: Request, seconds: float = 30.0) -> Answer:
    """Send one request that has to succeed, and return its answer.

    Raises:
        Refused: It did not succeed.
        TooSlow: It was not answered in time.
    """
    answer, outcome = ask(request, seconds), Outcome()
    outcome.note(request, answer)
    if outcome.failures:
        raise Refused(outcome.first_failure)
    return answer


async def within(seconds: float, work: Awaitable[_T]) -> _T:
    """Wait for work, not longer than so many seconds.

    Raises:
        TooSlow: It took longer.
    """
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError as slow:
        raise TooSlow(f"no end within {seconds:.0f} s") from slow


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run asynchronous work on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _ask(client: Client, request: Request) -> Awaitable[Answer]:
    future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def answered(answer: Answer) -> None:
        if not future.done():
            future.set_result(answer)

    client.ask(request, answered)
    return future
