"""Who writes next: one at a time, in the order of asking, and what waits joins one commit.

There is no writer thread. Whoever asks first has the turn, runs its own updates and those of all the
others that wait meanwhile, answers them, and passes the turn on: an update that meets no other is never
handed between threads.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from holdfast.engine.port import EngineClosed, Outcome, Work

_CLOSE_SECONDS = 30.0  # for whoever has the turn: an event loop that has ended never uses it


class Ticket:
    """One update on its way to a commit."""

    __slots__ = ("durable", "error", "result", "work", "written")

    def __init__(self, work: Work, *, durable: bool = True) -> None:
        self.work = work
        self.durable = durable  # whether its commit has to be on disk before it is answered
        self.result: Any = None
        self.error: BaseException | None = None
        self.written = 0  # bytes that the log grew by, roughly; 0: it wrote nothing

    def outcome(self) -> Outcome:
        """Return what became of it."""
        return Outcome(self.result, self.error)


class Waiter:
    """Somebody who asked for the turn and did not get it at once."""

    __slots__ = ("answered", "has_turn", "ticket", "wake")

    def __init__(self, wake: Callable[[], None], ticket: Ticket | None = None) -> None:
        """Remember whom to wake, once it has the turn or its ticket is answered."""
        self.wake = wake
        self.ticket = ticket
        self.answered = False
        self.has_turn = False

    def answer(self) -> None:
        """Say that its ticket has become what it will be."""
        self.answered = True
        self.wake()


class Turns:
    """The turn to write, and the queue for it."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._queue: deque[Waiter] = deque()
        self._taken = False
        self._closed = False

    def ask(self, waiter: Waiter) -> bool:
        """Return True if the turn is the caller's now; else the waiter is woken later.

        Raises:
            EngineClosed: there are no more turns.
        """
        with self._gate:
            if self._closed:
                raise EngineClosed("the engine was closed")
            if self._taken:
                self._queue.append(waiter)
                return False
            self._taken = True
            return True

    def wait(self, ticket: Ticket | None = None) -> bool:
        """Wait for the turn; return False if somebody else ran the ticket instead.

        Raises:
            EngineClosed: there are no more turns.
        """
        woken = threading.Lock()
        woken.acquire()
        waiter = Waiter(woken.release, ticket)
        if self.ask(waiter):
            return True
        try:
            woken.acquire()
        except BaseException:  # what a signal raises in the main thread
            self._give_up(waiter)
            raise
        return not waiter.answered

    def joining(self, most: int) -> list[Waiter]:
        """Take tickets out of the queue, oldest first, to be run by the one who has the turn."""
        if not self._queue:
            return []
        with self._gate:
            found = [waiter for waiter in self._queue if waiter.ticket is not None][:most]
            for waiter in found:
                self._queue.remove(waiter)
        return found

    def pass_on(self) -> None:
        """Give the turn to who waits longest."""
        while (waiter := self._next()) is not None:
            try:
                waiter.wake()
            except Exception:  # noqa: S112 - its event loop has ended: the next one, then
                continue
            return

    def _next(self) -> Waiter | None:
        """Return who has the turn now, if there is anybody."""
        with self._gate:
            if not self._queue:
                self._taken = False
                return None
            waiter = self._queue.popleft()
            waiter.has_turn = True
            return waiter

    def _give_up(self, waiter: Waiter) -> None:
        """Wait no longer. A ticket that somebody runs already stays as it is."""
        with self._gate:
            if waiter in self._queue:
                self._queue.remove(waiter)
        if waiter.has_turn:
            self.pass_on()

    def close(self) -> bool:
        """Give out no more turns once those who wait had theirs.

        Returns:
            True if the caller has the last turn, which it does not pass on. False if it was closed
            before, or if whoever has the turn keeps it: those who wait are told then.
        """
        with self._gate:
            if self._closed:
                return False
            self._closed = True
            if not self._taken:
                self._taken = True
                return True
            woken = threading.Lock()
            woken.acquire()
            self._queue.append(Waiter(woken.release))
        if woken.acquire(timeout=_CLOSE_SECONDS):
            return True
        self._refuse_all()
        return False

    def _refuse_all(self) -> None:
        with self._gate:
            left, self._queue = self._queue, deque()
        for waiter in left:
            if waiter.ticket is not None:
                waiter.ticket.error = EngineClosed("the engine was closed")
                waiter.answer()
