"""Many threads that do the same at the same time."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import ClientError

from patience import PATIENCE
from server_actors import code_of

T = TypeVar("T")

MORE = int(os.environ.get("HOLDFAST_CONTENTION_ROUNDS", "1"))  # times as much of everything
LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted"})


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Call `work` with 0, 1, ... in so many threads that begin together; return what they return."""
    together = threading.Barrier(count)

    def begin(number: int) -> T:
        together.wait(PATIENCE)
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(begin, range(count)))


def outcome(call: Callable[[], object]) -> str:
    """Return "" if a call succeeds, else AWS's error code."""
    try:
        call()
    except ClientError as error:
        return code_of(error)
    return ""


@dataclass
class Guarded:
    """What only the holder of a lock touches, so that two holders are seen."""

    count: int = 0
    holder: int | None = None

    def use(self, who: int) -> None:
        """Do something that goes wrong when two do it."""
        assert self.holder is None, f"{who} and {self.holder} hold the lock"
        self.holder = who
        before = self.count
        time.sleep(0.001)
        self.count = before + 1
        assert self.holder == who, f"{who} and {self.holder} hold the lock"
        self.holder = None


def until_won(attempt: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Try again and again until it works."""
    deadline = time.monotonic() + seconds
    while not attempt():
        assert time.monotonic() < deadline, "nobody gave the lock back in time"
        time.sleep(0.01)
