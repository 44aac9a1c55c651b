"""Waiting for what comes about in a moment, and on a busy machine in a minute."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 180.0  # seconds; no test shows that something is fast, so nothing is given up sooner


def wait_until(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds; fail if it does not.

    Args:
        holds: tells whether it does.
        what: names it where it does not come about.
    """
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.02)


def wait_for(path: Path, process: "subprocess.Popen[Any] | None" = None) -> None:
    """Wait until a file exists.

    Args:
        path: the file.
        process: the command that makes it; that it has ended fails at once.
    """

    def is_there() -> bool:
        ended = process is not None and process.poll() is not None
        assert path.exists() or not ended, f"the command ended without making {path}"
        return path.exists()

    wait_until(is_there, str(path))
