"""Holdfast itself, from the sources of a checkout."""

import subprocess
import sys
from pathlib import Path

from benchmarks.servers.peer import Peer, Plan, Program
from benchmarks.servers.process import free_port
from benchmarks.wire.requests import Signer

NAME = "holdfast"
HERE = Path(__file__).resolve().parents[2]
_COMMAND = "from holdfast.cli.main import main; main()"
_ACCESS_KEY_ID = "AKIABENCHMARK0000001"
_SECRET = "benchmark-secret-of-forty-characters-0001"  # noqa: S105 - of a throw-away server


def holdfast(checkout: Path = HERE, name: str = NAME) -> Peer:
    """Return the server of a checkout; another one can be compared under another name."""
    keeps = "on disk, synced before the answer; encrypted; authenticated"
    return Peer(
        name,
        keeps,
        install=lambda _: _version(checkout),
        plan=lambda _, folder: _plan(checkout, folder),
        ours=True,
    )


def _plan(checkout: Path, folder: Path) -> Plan:
    port, data = free_port(), folder / "data"
    options = ["serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
    environment = {
        "PYTHONPATH": str(checkout / "src"),
        "HOLDFAST_ADMIN_ACCESS_KEY_ID": _ACCESS_KEY_ID,
        "HOLDFAST_ADMIN_SECRET_ACCESS_KEY": _SECRET,
    }
    endpoint = f"http://127.0.0.1:{port}"
    program = Program((sys.executable, "-c", _COMMAND, *options), environment, endpoint)
    return Plan((program,), Signer(endpoint, endpoint, _ACCESS_KEY_ID, _SECRET), data)


def _version(checkout: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(checkout), "describe", "--always", "--dirty"],  # noqa: S607 - the user's git
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "not under git"
