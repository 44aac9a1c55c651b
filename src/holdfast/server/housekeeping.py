"""What the server does by itself: background threads that run named, bounded steps."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from holdfast.engine.port import Engine, EngineClosed, EngineError
from holdfast.server.access.sessions import collect_sessions
from holdfast.server.dynamodb.client_tokens import forget_tokens
from holdfast.server.dynamodb.item_ends import settle_item_ends
from holdfast.server.dynamodb.ttl import expire_items
from holdfast.server.kms.due import delete_due_keys, rotate_due_keys
from holdfast.server.leftovers import collect_garbage, collect_staged, give_up_staged
from holdfast.server.operation import Site
from holdfast.server.s3.lifecycle_run import LifecycleRun
from holdfast.server.s3.older_versions import OlderVersions
from holdfast.server.s3.packer import pack_some

log = logging.getLogger("holdfast.housekeeping")

INTERVAL = 60.0  # seconds between two rounds
FIRST_AFTER = 2.0  # seconds after the start
BUSY_PAUSE = 1.0  # seconds, after a round that found something to do
_REPEATS = 32
_STOP_WITHIN = 10.0  # seconds; a step is far shorter


class Step(msgspec.Struct, frozen=True):
    """A piece of housekeeping: does a bounded amount of work and returns how much it did."""

    name: str
    run: Callable[[datetime], int]


def steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    """Return everything that is done in the background, but packing.

    To be called before the server serves, for it lets go of what an earlier run left half sent.
    """
    give_up_staged(engine)
    return (
        Step("staged-bodies", lambda now: collect_staged(engine, now)),
        Step("garbage", _again(lambda now: collect_garbage(engine, now))),
        Step("lifecycle", LifecycleRun(engine, site)),
        Step("item-ends", _again(lambda now: settle_item_ends(engine, site, now))),
        Step("item-expiry", _again(lambda now: expire_items(engine, now))),
        Step("client-tokens", lambda now: forget_tokens(engine, now)),
        Step("kms-deletions", lambda now: delete_due_keys(engine, now)),
        Step("kms-rotations", lambda now: rotate_due_keys(engine, site, now)),
        Step("sessions", lambda now: collect_sessions(engine, now)),
    )


def packing_steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    """Return the step that packs the next version. Only one thread may run it."""
    older = OlderVersions(engine, site)

    def pack_next(now: datetime) -> int:
        return pack_some(engine, site, now, limit=1) or older(now)

    return (Step("packing", pack_next),)


def _again(run: Callable[[datetime], int]) -> Callable[[datetime], int]:
    """Return a step that goes on while it finds something to do, up to a bound."""

    def some(now: datetime) -> int:
        done = 0
        for _ in range(_REPEATS):
            found = run(now)
            if not found:
                break
            done += found
        return done

    return some


def _nothing(*_: object) -> None:
    pass


class Housekeeping:
    """Runs steps in a thread of its own, round after round, until it is stopped."""

    def __init__(
        self,
        todo: Sequence[Step],
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
            todo: the steps, run in this order.
            clock: the time in UTC, as the steps see it.
            interval: seconds between two rounds that find nothing to do, or fail.
            name: of the thread.
            pause: returns the seconds until the next round, from what the last one did and the
                seconds that took; instead of the interval.
            worked: is told a step's name and what it did, when that was something.
            failed: is told the name of a step that raised.
        """
        self._steps = tuple(todo)
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
