"""A line for every request that was answered.

Those of one round of the event loop are written together.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

Line = Callable[[float, str, Mapping[str, Any]], str]  # seconds since the epoch, message, fields


class AccessLog:
    """Writes lines. Belongs to one event loop."""

    def __init__(self, line: Line, stream: TextIO) -> None:
        """Begin without lines.

        Args:
            line: makes one, without its end.
            stream: where to.
        """
        self._line = line
        self._stream = stream
        self._lines: list[str] = []

    def add(self, message: str, fields: Mapping[str, Any]) -> None:
        """Add a line, which is written before the loop waits again."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(self._line(time.time(), message, fields))

    def flush(self) -> None:
        """Write what was added. Nobody can be told if that fails: this is where one would tell."""
        lines, self._lines = self._lines, []
        if lines:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
