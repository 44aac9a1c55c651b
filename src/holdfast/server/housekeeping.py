"""What the server does by itself: background threads that run named, bounded steps."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from holdfast.engine.port import EngineClosed, EngineError

log = logging.getLogger("holdfast.housekeeping")

INTERVAL = 60.0  # seconds between two rounds
FIRST_AFTER = 2.0  # seconds after the start
BUSY_PAUSE = 1.0  # seconds, after a round that found something to do
_STOP_WITHIN = 10.0  # seconds; a step is far shorter


class Step(msgspec.Struct, frozen=True):
    """A piece of housekeeping: does a bounded amount of work and returns how much it did."""

    name: str
    run: Callable[[datetime], int]


def _nothing(*_: object) -> None:
    pass


class Housekeeping:
    """Runs steps in a thread of its own, round after round, until it is stopped."""

    def __init__(
        self,
        todo: Callable[[], Sequence[Step]],
        clock: Callable[[], datetime],
        interval: float = INTERVAL,
        *,
        name: str = "housekeeping",
        pause: Callable[[int, float], float] | None = None,
        worked: Callable[[str, int], None] = _nothing,
        failed: Callable[[str], None] = _nothing,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            todo: returns the steps, which are run in this order. It is called once, before the first
                round: what the steps need is not imported before the first answers.
            clock: the time in UTC, as the steps see it.
            interval: seconds between two rounds that find nothing to do, or fail.
            name: of the thread.
            pause: returns the seconds until the next round, from what the last one did and the
                seconds that took; instead of the interval.
            worked: is told a step's name and what it did, when that was something.
            failed: is told the name of a step that raised.
        """
        self._todo = todo
        self._steps: Sequence[Step] | None = None
        self._clock = clock
        self._interval = interval
        self._name = name
        self._pause = pause or self._by_interval
        self._worked = worked
        self._failed = failed
        self._failing = False  # a step of the last round
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, a moment after the start. Call it once."""
        self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the step under way and end. Idempotent; nothing happens if it was not started."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_WITHIN)

    def round(self) -> int:
        """Run every step once, now; return how much they did. Never raises because of a step."""
        self._failing = False
        if self._steps is None:
            self._steps = self._todo()
        return sum(self._run(step) for step in self._steps if not self._stopping.is_set())

    def _loop(self) -> None:
        pause = min(FIRST_AFTER, self._interval)
        while not self._stopping.wait(pause):
            began = time.monotonic()
            done = self.round()
            pause = self._pause(done, time.monotonic() - began)
            if self._failing and not done:
                pause = max(pause, self._interval)

    def _by_interval(self, done: int, _seconds: float) -> float:
        return min(BUSY_PAUSE, self._interval) if done else self._interval

    def _run(self, step: Step) -> int:
        try:
            done = step.run(self._clock())
        except EngineClosed:
            self._stopping.set()
            return 0
        except Exception as problem:
            # One step that fails must stop neither the others nor the server. A full disk, for one,
            # is nobody's mistake.
            if isinstance(problem, EngineError):
                log.warning("the housekeeping step %r failed: %s", step.name, problem)
            else:
                log.exception("the housekeeping step %r failed", step.name)
            self._failing = True
            self._failed(step.name)
            return 0
        if done:
            self._worked(step.name, done)
        return done
