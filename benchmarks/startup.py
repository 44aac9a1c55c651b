"""How long `holdfast serve` takes to its first answered request, and how much memory it then holds.

Run it with `python benchmarks/startup.py`; `--check` makes it fail beyond the limits below.
"""

import argparse
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

MOST_SECONDS = 0.6
MOST_MIB = 80.0

_SOURCES = Path(__file__).resolve().parent.parent / "src"
_COMMAND = "from holdfast.cli.main import main; main()"
_GIVE_UP = 30.0  # seconds
_ACCESS_KEY_ID = "AKIABENCHMARK0000001"
_SECRET = "benchmark-secret-of-forty-characters-0001"  # noqa: S105 - of a throw-away server
_STATE = b'{"version": 4, "serial": 1, "lineage": "benchmark", "outputs": {}, "resources": []}'


@dataclass(frozen=True, slots=True)
class Start:
    """What one start took."""

    seconds: float  # from the start of the process to the whole first answer
    idle_mib: float  # resident memory, after some idle seconds
    used_mib: float  # resident memory, after a round of S3 requests


def main() -> int:
    """Measure, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="starts of each kind (5)")
    parser.add_argument("--idle", type=float, default=3.0, help="seconds before memory is read (3)")
    parser.add_argument("--requests", type=int, default=200, help="writes before the second look")
    parser.add_argument("--check", action="store_true", help="fail beyond the limits")
    options = parser.parse_args()
    first: list[Start] = []
    later: list[Start] = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="holdfast-benchmark-") as directory:
            for starts in (first, later):
                starts.append(_measure(Path(directory) / "data", options.idle, options.requests))
    worst = _print_table({"first start": first, "later start": later})
    slow = worst.seconds > MOST_SECONDS or worst.idle_mib > MOST_MIB
    return 1 if options.check and slow else 0


def _print_table(rows: dict[str, list[Start]]) -> Start:
    """Print the medians of each kind of start, and return the worst of them."""
    print(f"{'':<12}  {'first answer':>12}  {'idle':>9}  {'after use':>9}")
    medians = []
    for name, starts in rows.items():
        middle = Start(
            median(start.seconds for start in starts),
            median(start.idle_mib for start in starts),
            median(start.used_mib for start in starts),
        )
        medians.append(middle)
        print(
            f"{name:<12}  {middle.seconds * 1000:>9.0f} ms  {middle.idle_mib:>5.1f} MiB"
            f"  {middle.used_mib:>5.1f} MiB"
        )
    print(f"{'limit':<12}  {MOST_SECONDS * 1000:>9.0f} ms  {MOST_MIB:>5.1f} MiB")
    return Start(
        max(middle.seconds for middle in medians),
        max(middle.idle_mib for middle in medians),
        max(middle.used_mib for middle in medians),
    )


def _measure(data: Path, idle: float, requests: int) -> Start:
    """Start a server on a data directory, measure, and stop it."""
    port = _free_port()
    client = _s3(port)
    signed = client.generate_presigned_url("list_buckets")
    before = time.perf_counter()
    with _server(data, port) as process:
        _first_answer(process, port, signed[signed.index("/", 8) :], _log_of(data))
        seconds = time.perf_counter() - before
        time.sleep(idle)
        idle_mib = _resident_mib(process.pid)
        for number in range(requests):
            client.put_object(Bucket="terraform-state", Key=f"state/{number}", Body=_STATE)
        return Start(seconds, idle_mib, _resident_mib(process.pid))


@contextmanager
def _server(data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `holdfast serve` for the length of the block."""
    arguments = ["serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(_SOURCES),
        "HOLDFAST_ADMIN_ACCESS_KEY_ID": _ACCESS_KEY_ID,
        "HOLDFAST_ADMIN_SECRET_ACCESS_KEY": _SECRET,
    }
    with _log_of(data).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_GIVE_UP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log_of(data: Path) -> Path:
    return data.parent / "serve.log"


def _first_answer(process: subprocess.Popen[bytes], port: int, target: str, log: Path) -> None:
    """Ask until the server answers with success."""
    deadline = time.perf_counter() + _GIVE_UP
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise SystemExit(
                f"holdfast serve ended with exit code {process.returncode}:\n{log.read_text()}"
            )
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_GIVE_UP)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            response.read()
        except ConnectionError:
            time.sleep(0.002)
            continue
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise SystemExit(f"the first request was answered with {response.status}")
        return
    raise SystemExit(f"no answer within {_GIVE_UP:.0f} s")


def _s3(port: int) -> Any:
    """Return a boto3 client of the server to come."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=_ACCESS_KEY_ID,
        aws_secret_access_key=_SECRET,
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _resident_mib(pid: int) -> float:
    """Return a process's resident memory in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the system does not tell the memory of a process")


if __name__ == "__main__":
    raise SystemExit(main())
