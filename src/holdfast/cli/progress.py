"""How far a long command is, on standard error: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

from holdfast.cli.amounts import human_age

_BAR = 24  # characters


class Progress:
    """A progress report for anything that may take more than a second.

    Calling it with (done, total) is cheap enough to do for every record. As a context manager it
    removes its bar at the end:

        with Progress("reading states") as progress:
            operations.catalog(backend, progress=progress)
    """

    def __init__(
        self, doing: str, stream: TextIO | None = None, *, show: Callable[[int], str] = str
    ) -> None:
        """Begin.

        Args:
            doing: what is done, such as "checking".
            stream: where to print; standard error if None.
            show: how to print an amount.
        """
        self._doing = doing
        self._stream = stream or sys.stderr
        self._show = show
        self._terminal = self._stream.isatty()
        self._began = time.monotonic()
        # What is over in a second needs no bar.
        self._next = self._began + (1.0 if self._terminal else 5.0)
        self._open_line = False

    def __call__(self, done: int, total: int) -> None:
        """Report that `done` of `total` are through. A total of 0 is not known."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.1 if self._terminal else 5.0)
        self._print(self._line(done, total, now - self._began))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Remove the bar from a terminal."""
        if self._open_line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._open_line = False

    def _line(self, done: int, total: int, passed: float) -> str:
        if not total:
            return f"{self._doing}: {self._show(done)}"
        amount = f"{self._show(done)} of {self._show(total)} ({100 * done // total}%)"
        if not self._terminal:
            return f"{self._doing}: {amount}"
        full = min(_BAR, _BAR * done // total)
        left = passed * (total - done) / done if done and passed >= 2 else 0
        rest = f", {human_age(left)} left" if left >= 1 else ""
        return f"{self._doing} [{'=' * full}{' ' * (_BAR - full)}] {amount}{rest}"

    def _print(self, line: str) -> None:
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}")
            self._open_line = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()
