"""Server processes: each started in a process group of its own, ended by its id."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")
_POLL = 0.002
GIVE_UP = 30.0  # seconds for a start or a stop


class DidNotStart(Exception):
    """A server ended, or did not answer in time; the message holds what it printed."""


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the settings of the user's own AWS and tools."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return {**kept, **extra}


def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a server, its output going to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            cwd=folder,
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def await_answer(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    """Ask until the server answers, with whatever status.

    Raises:
        DidNotStart: It ended, or did not answer in time.
    """
    target = urlsplit(endpoint)
    deadline = time.monotonic() + GIVE_UP
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart(f"exit code {process.returncode}:\n{log.read_text()[-2000:]}")
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=GIVE_UP)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(_POLL)
            continue
        finally:
            connection.close()
        return
    raise DidNotStart(f"no answer within {GIVE_UP:.0f} s:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GIVE_UP)
    _signal(process, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
