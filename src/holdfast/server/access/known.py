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
    """Values from several sources: the first that has a key is asked, and those after it are not."""

    __slots__ = ("_sources",)

    def __init__(self, *sources: Values | Later) -> None:
        """Ask these, in this order."""
        self._sources = sources

    def __getitem__(self, key: str) -> tuple[str, ...]:
        """Return the values of a key that is known."""
        for source in self._sources:
            values = source() if isinstance(source, Later) else source
            if key in values:
                return values[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """Go through all keys."""
        made = [source() if isinstance(source, Later) else source for source in self._sources]
        return iter({key for values in made for key in values})

    def __len__(self) -> int:
        """Return how many keys there are."""
        return sum(1 for _ in self)
