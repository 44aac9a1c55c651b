"""What is known of a request, by condition key: worked out when a condition first asks for it."""

from collections.abc import Callable, Iterator, Mapping

from holdfast.server.access.policies.patterns import Values


class Later:
    """Values that are worked out once, if at all: few statements have conditions."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Values]) -> None:
        """Work them out by calling this."""
        self._make = make
        self._made: Values | None = None

    def __call__(self) -> Values:
        """Return the values."""
        if self._made is None:
            self._made = self._make()
        return self._made


class Known(Mapping[str, tuple[str, ...]]):
    """Values that are at hand, and those that are worked out when none of these is asked for."""

    __slots__ = ("_later", "_values")

    def __init__(self, values: Values, later: tuple[Later, ...]) -> None:
        """Know these, and those of whatever comes later that are none of these."""
        self._values = values
        self._later = later

    def __getitem__(self, key: str) -> tuple[str, ...]:
        """Return the values of a key that is known."""
        found = self._values.get(key)
        return self._all()[key] if found is None else found

    def __iter__(self) -> Iterator[str]:
        """Go through all keys."""
        return iter(self._all())

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._all())

    def _all(self) -> Values:
        if self._later:
            made: dict[str, tuple[str, ...]] = {}
            for later in self._later:
                made.update(later())
            self._values, self._later = {**made, **self._values}, ()
        return self._values
