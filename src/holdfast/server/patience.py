"""A deadline that is moved with every request.

A timer for each would be the larger part of what a short request costs: so one timer is left running,
and when it ends, it looks whether its time was up.
"""

import asyncio
from collections.abc import Callable


class Patience:
    """Waits for one thing at a time."""

    __slots__ = ("_due", "_end", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without a deadline, in this loop."""
        self._loop = loop
        self._due = 0.0  # by the loop's clock; 0: nothing is waited for
        self._end: Callable[[], None] = _nothing
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether there is a deadline."""
        return self._due > 0

    def wait(self, seconds: float, end: Callable[[], None]) -> None:
        """Set the deadline, in place of the one before; `end` is called if it passes."""
        self._due = self._loop.time() + seconds
        self._end = end
        if self._timer is None or self._timer.when() > self._due:
            self._start()

    def stop(self) -> None:
        """Wait for nothing."""
        self._due = 0.0

    def close(self) -> None:
        """Wait for nothing any more, and leave no timer, nor the connection that would be told."""
        self._due = 0.0
        self._end = _nothing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._due:
            return
        if self._due > self._loop.time():
            self._start()
            return
        self._due = 0.0
        self._end()


def _nothing() -> None:
    """Nobody is told."""
