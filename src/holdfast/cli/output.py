"""What commands print: results on standard output, progress and errors on standard error."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from holdfast.cli.exit_codes import ExitCode


class CommandFailed(Exception):
    """A command ends here. Says what happened, what to do next, and the exit code.

    Args:
        happened: one sentence without a full stop.
        next_step: what to do, with the exact command where there is one.
        code: the exit code.
    """

    def __init__(
        self, happened: str, next_step: str = "", code: ExitCode = ExitCode.FAILED
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.next_step = next_step
        self.code = code


def print_failure(failed: CommandFailed, *, as_json: bool = False) -> None:
    """Print an error: as one or two lines on standard error, or as JSON on standard output."""
    if as_json:
        print_json({"error": failed.happened, "next": failed.next_step, "exit_code": failed.code})
        return
    print(f"holdfast: {failed.happened}", file=sys.stderr)
    if failed.next_step:
        print(f"  {failed.next_step}", file=sys.stderr)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def human_size(count: int) -> str:
    """Return a number of bytes for reading, such as `1.5 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            return f"{value:.1f} {unit}"
    raise AssertionError


class Progress:
    """How far a long command is: a line that is rewritten on a terminal, now and then a line elsewhere.

    Calling it with (done, total) is cheap enough to do for every record.
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
        self._every = 0.1 if self._terminal else 5.0  # seconds between two lines
        self._printed_at = time.monotonic()
        self._open_line = False

    def __call__(self, done: int, total: int) -> None:
        """Report that `done` of `total` are through. A total of 0 is not known."""
        now = time.monotonic()
        if now - self._printed_at < self._every:
            return
        self._printed_at = now
        self._print(self._line(done, total))

    def finish(self) -> None:
        """End the line on a terminal."""
        if self._open_line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._open_line = False

    def _line(self, done: int, total: int) -> str:
        share = f" ({100 * done // total}%)" if total else ""
        of = f" of {self._show(total)}" if total else ""
        return f"{self._doing}: {self._show(done)}{of}{share}"

    def _print(self, line: str) -> None:
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}")
            self._open_line = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()
