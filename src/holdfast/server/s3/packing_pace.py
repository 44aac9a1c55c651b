"""How fast older versions are packed: soon and at once, but hardly while there are requests."""

from collections.abc import Callable

LOOK_EVERY = 2.0  # seconds, when there was nothing to pack
_REST = 19  # times as long as the last version took: one part in twenty for packing
_LONGEST_REST = 5.0  # seconds


class PackingPace:
    """How long to rest after a version. Call it with what was done, and the seconds that took."""

    def __init__(self, answered: Callable[[], int]) -> None:
        """Prepare.

        Args:
            answered: returns how many requests were answered so far.
        """
        self._answered = answered
        self._seen = 0

    def __call__(self, done: int, seconds: float) -> float:
        """Return the seconds to rest: long if requests were answered since the last call."""
        seen, self._seen = self._seen, self._answered()
        if not done:
            return LOOK_EVERY
        return min(seconds * _REST, _LONGEST_REST) if self._seen != seen else 0.0
