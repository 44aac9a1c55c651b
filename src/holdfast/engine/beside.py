"""Steps that are done on a thread beside whoever gives them: in order, and at most a few behind.

What holds up writing, such as a merge of the log, then does not hold up what comes before it: a body is
received, hashed and encrypted meanwhile.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

MOST_BEHIND = 8  # steps of everybody together; each may hold a chunk in memory

_room = threading.BoundedSemaphore(MOST_BEHIND)


@cache
def _thread() -> ThreadPoolExecutor:
    # Updates take turns: more threads would only wait for each other.
    return ThreadPoolExecutor(1, "beside")


class Beside:
    """The steps of one giver. Exactly one of `finish` and `forget` ends them."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._steps: deque[Future[None]] = deque()

    def do(self, step: Callable[[], None]) -> None:
        """Do a step after those before it; wait first while too many are behind.

        Raises:
            Exception: what an earlier step raised. This one is not done then.
        """
        while self._steps and self._steps[0].done():
            self._steps.popleft().result()
        _room.acquire()
        try:
            self._steps.append(_thread().submit(_done, step))
        except BaseException:  # the process is about to end
            _room.release()
            raise

    def finish(self) -> None:
        """Wait until all steps are done.

        Raises:
            Exception: what the first that failed has raised.
        """
        while self._steps:
            self._steps.popleft().result()

    def forget(self) -> None:
        """Wait until all steps are done, whatever became of them."""
        while self._steps:
            self._steps.popleft().exception()


def _done(step: Callable[[], None]) -> None:
    try:
        step()
    finally:
        _room.release()
