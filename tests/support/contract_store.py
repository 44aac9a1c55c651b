"""A store for the contract suite: an engine that can be closed and opened again."""

from collections.abc import Callable
from pathlib import Path

from holdfast.engine.port import Engine
from holdfast.engine.sqlite import SqliteEngine

# The engines that the contract suite runs on. Another one is one more line.
ENGINES: dict[str, Callable[[Path], Engine]] = {
    "sqlite": lambda folder: SqliteEngine(folder / "contract.db"),
}


class Store:
    """One store, and the engine that is open on it."""

    def __init__(self, name: str, folder: Path) -> None:
        """Open an engine of a name of ENGINES, with its files, if any, in this folder."""
        self._name = name
        self._folder = folder
        self.engine = ENGINES[name](folder)

    def reopen(self) -> Engine:
        """Close the engine and open another one on the same data."""
        self.engine.close()
        self.engine = ENGINES[self._name](self._folder)
        return self.engine
