"""`holdfast` commands run to their end without each importing the SDK, which takes longer than they do.

They are processes, with the entry point, the environment and the folder of a fresh one. What a test
starts itself, to kill it or to talk to it, begins as at a user's.
"""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_PARENT = Path(__file__).with_name("warm_parent.py")


def run_warm(
    path: Path, env: Mapping[str, str], arguments: Sequence[str], seconds: float
) -> tuple[int, str]:
    """Run a command to its end.

    Returns:
        The exit code, negative for a signal, and all that was printed.

    Raises:
        TimeoutExpired: it took longer; it was killed.
    """
    wanted = {"path": str(path), "env": json.dumps(dict(env)), "arguments": json.dumps(arguments)}
    printed, its_printed = os.pipe()
    told, its_told = os.pipe()
    try:
        socket.send_fds(_parent(), [json.dumps(wanted).encode()], [its_printed, its_told])
    finally:
        os.close(its_printed)
        os.close(its_told)
    with os.fdopen(printed, "rb", 0) as output, os.fdopen(told) as ending:
        first = ending.readline()
        assert first, "the process that commands come from has ended; it says why on standard error"
        text = _all_of(output, time.monotonic() + seconds)
        if text is None:
            os.kill(int(first), signal.SIGKILL)
            raise subprocess.TimeoutExpired(["holdfast", *arguments], seconds)
        return int(ending.readline()), text.decode().replace("\r\n", "\n").replace("\r", "\n")


def _all_of(file: IO[bytes], deadline: float) -> bytes | None:
    """Return what is written until all have closed their end; None if that takes too long."""
    text = b""
    while select.select([file], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = file.read(1 << 16)
        if not piece:
            return text
        text += piece
    return None


@functools.cache
def _parent() -> socket.socket:
    """Start the process that all commands of this worker come from; it ends when we do."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    process = subprocess.Popen(
        [sys.executable, "-P", str(_PARENT), str(its.fileno())],
        env={name: os.environ[name] for name in kept if name in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
    )
    its.close()
    atexit.register(_end, process, ours)
    return ours


def _end(process: subprocess.Popen[bytes], ours: socket.socket) -> None:
    ours.close()
    process.wait()
