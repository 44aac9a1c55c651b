"""Clients that all want the same lock, and wait between two attempts as real ones do."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from benchmarks.wire.answers import Answer
from benchmarks.wire.connection import Client
from benchmarks.wire.load import Outcome, run, within
from benchmarks.wire.requests import Request

_GRACE = 60.0
_FIRST_PAUSE = 0.005  # seconds at most, doubled with every refusal
_LONGEST_PAUSE = 0.2


@dataclass(slots=True)
class Contest:
    """How often each client held the lock."""

    wins: list[int]
    handovers: int = 0  # from one client to another
    holder: int | None = None  # who has it, or had it last
    seconds: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)

    def won(self, number: int) -> None:
        """Note that a client got the lock."""
        self.wins[number] += 1
        self.handovers += number != self.holder
        self.holder = number


def longest_pause(refusals: int) -> float:
    """Return how many seconds a client waits at most that was refused so often in a row."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(refusals, 16))


class _Contender:
    """One client."""

    def __init__(
        self, number: int, take: Request, give: Request, contest: Contest, until: float
    ) -> None:
        self._number, self._take, self._give, self._contest = number, take, give, contest
        self._until = until
        self._client = Client()
        self._refusals = 0
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._try()

    def _try(self) -> None:
        if time.perf_counter() < self._until:
            self._client.ask(self._take, self._tried)
            return
        self._client.close()
        if not self.done.done():
            self.done.set_result(None)

    def _tried(self, answer: Answer) -> None:
        if answer.status == 200:
            self._refusals = 0
            self._contest.won(self._number)
            self._client.ask(self._give, self._gave)
            return
        if answer.status != 400 or b"ConditionalCheckFailedException" not in answer.body:
            self._contest.outcome.note(self._take, answer)
        self._refusals += 1
        self._pause()

    def _gave(self, answer: Answer) -> None:
        self._contest.outcome.note(self._give, answer)
        self._pause()

    def _pause(self) -> None:
        """Wait a random part of the longest pause, so that those refused together part."""
        pause = random.uniform(0, longest_pause(self._refusals))
        self._loop.call_later(pause, self._try)


def contend(takes: list[Request], give: Request, seconds: float) -> Contest:
    """Let one client per request of `takes` fight for one lock.

    Whoever gets it gives it back at once, and wants it again after the shortest pause.

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
