"""A server whose clock a test moves: `holdfast serve`, except for the time.

Run as `moved_clock.py FILE serve ...`. The file says how many seconds the clock differs from the real
one; requests are signed at the real time, from which it may differ by less than 15 minutes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from real_clients import Server, start, stop


@dataclass(frozen=True)
class MovedClock:
    """How far a server's clock is moved."""

    file: Path

    def __call__(self) -> datetime:
        """Return the server's time."""
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))

    def move(self, seconds: float) -> None:
        """Let the server's clock differ by so much from the real one."""
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.file)


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[Server, MovedClock]]:
    """Run a server with a clock to move, at the real time to begin with."""
    clock = MovedClock(folder / "clock")
    clock.move(0)
    program = (sys.executable, __file__, str(clock.file))
    process, server = start(folder / "data", *options, program=program)
    try:
        yield server, clock
    finally:
        stop(process)


def _main() -> None:
    from holdfast.cli.main import main
    from holdfast.server import serving

    serving.utc_now = MovedClock(Path(sys.argv.pop(1)))
    main()


if __name__ == "__main__":
    _main()
