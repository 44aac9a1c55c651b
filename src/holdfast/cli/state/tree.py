"""Trees drawn with lines, as the rows of a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


@dataclass
class Branch(Generic[_Value]):
    """A place in a tree: what is below it, by name, and the value that lies there."""

    below: "dict[str, Branch[_Value]]" = field(default_factory=dict)
    value: _Value | None = None

    def add(self, path: Sequence[str], value: _Value) -> None:
        """Put a value at the end of a path."""
        place = self
        for name in path:
            place = place.below.setdefault(name, Branch())
        place.value = value

    def joined(self) -> "Branch[_Value]":
        """Return the tree with folders that hold one thing only joined to it: `prod/eu/`.

        What is in brackets is no file, and is joined with a space.
        """
        made: Branch[_Value] = Branch(value=self.value)
        for name, branch in self.below.items():
            text, place = name, branch
            while place.value is None and len(place.below) == 1:
                ((inner, only),) = place.below.items()
                text += f" {inner}" if inner.startswith("[") else f"/{inner}"
                place = only
            folder = place.value is None and not all(each.startswith("[") for each in place.below)
            made.below[f"{text}/" if folder else text] = place.joined()
        return made

    def lines(self, before: str = "", *, top: bool = True) -> Iterator[tuple[str, _Value | None]]:
        """Yield a text with its lines drawn, and the value if there is one, for each place."""
        last = len(self.below) - 1
        for at, (name, place) in enumerate(self.below.items()):
            corner, rest = ("", "") if top else ("└─ ", "   ") if at == last else ("├─ ", "│  ")
            yield f"{before}{corner}{name}", place.value
            yield from place.lines(before + rest, top=False)
