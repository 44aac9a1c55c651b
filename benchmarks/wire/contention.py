"""Clients that all want the same lock: whoever gets it gives it back at once and wants it again."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.wire.answers import Answer
from benchmarks.wire.connection import Client
from benchmarks.wire.load import Outcome, run, within
from benchmarks.wire.requests import Request

_GRACE = 60.0


@dataclass(slots=True)
class Contest:
    """How often each client held the lock."""

    wins: list[int]
    seconds: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)


class _Contender:
    """One client."""

    def __init__(
        self, number: int, take: Request, give: Request, contest: Contest, until: float
    ) -> None:
        self._number, self._take, self._give, self._contest = number, take, give, contest
        self._until = until
        self._client = Client()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client.ask(take, self._tried)

    def _tried(self, answer: Answer) -> None:
        if answer.status == 200:
            self._contest.wins[self._number] += 1
            self._client.ask(self._give, self._gave)
            return
        if answer.status != 400 or b"ConditionalCheckFailedException" not in answer.body:
            self._contest.outcome.note(self._take, answer)
        self._again()

    def _gave(self, answer: Answer) -> None:
        self._contest.outcome.note(self._give, answer)
        self._again()

    def _again(self) -> None:
        if time.perf_counter() < self._until:
            self._client.ask(self._take, self._tried)
            return
        self._client.close()
        if not self.done.done():
            self.done.set_result(None)


def contend(takes: list[Request], give: Request, seconds: float) -> Contest:
    """Let one client per request of `takes` fight for one lock; all try again at once.

    Raises:
        TooSlow: A client was not answered.
    """

    async def work() -> Contest:
        contest, began = Contest([0] * len(takes)), time.perf_counter()
        clients = [
            _Contender(number, take, give, contest, began + seconds)
            for number, take in enumerate(takes)
        ]
        await within(seconds + _GRACE, asyncio.gather(*(client.done for client in clients)))
        contest.seconds = time.perf_counter() - began
        return contest

    return run(work())
