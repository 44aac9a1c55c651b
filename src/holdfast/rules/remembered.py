"""A bounded memory of what happened lately: the oldest is let go."""

from collections import OrderedDict
from typing import Generic, TypeVar

_MOST = 10_000

_K = TypeVar("_K")
_V = TypeVar("_V")


class Remembered(Generic[_K, _V]):
    """Values under keys, the latest 10,000. Whoever writes from several threads takes a lock."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: OrderedDict[_K, _V] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        """Return what is under a key."""
        return self._kept.get(key)

    def put(self, key: _K, value: _V) -> None:
        """Remember a value as the latest."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def pop(self, key: _K) -> _V | None:
        """Forget what is under a key, and return it."""
        return self._kept.pop(key, None)
