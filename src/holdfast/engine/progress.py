"""How long work tells how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is, in the unit the work names."""


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""
