"""Functions made once per shape, safely while many threads ask for them."""

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

V = TypeVar("V")


class Compiled(Generic[V]):
    """Values by key, each made when first asked for.

    Shapes contain themselves, so a value may be announced while it is still being filled. Other
    threads see it only when everything that it leads to is complete.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._done: dict[Hashable, V] = {}
        self._unfinished: dict[Hashable, V] = {}
        self._lock = RLock()
        self._level = 0

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value of a key; make it if there is none yet."""
        if key in self._done:
            return self._done[key]
        with self._lock:
            for known in (self._done, self._unfinished):
                if key in known:
                    return known[key]
            return self._make(key, make)

    def announce(self, key: Hashable, value: V) -> None:
        """Say, while making a value, what it is going to be."""
        self._unfinished[key] = value

    def _make(self, key: Hashable, make: Callable[[], V]) -> V:
        self._level += 1
        try:
            made = self._unfinished[key] = make()
            if self._level == 1:
                self._done.update(self._unfinished)
            return made
        finally:
            self._level -= 1
            if self._level == 0:
                self._unfinished.clear()
