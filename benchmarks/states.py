"""How long `holdfast states` takes on many states, with nothing known before and with nothing changed.

Run it with `python benchmarks/states.py`; `--check` makes it fail beyond the limits below.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

MOST_COLD = 10.0  # seconds
MOST_WARM = 2.0

_SOURCES = Path(__file__).resolve().parent.parent / "src"
_COMMAND = "from holdfast.cli.main import main; main()"
_GIVE_UP = 30.0  # seconds
_RESOURCES = 20  # of each state, which then has 12 KB
_BUCKET, _TABLE = "terraform-state", "terraform-locks"
_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIABENCHMARK0000001",
    "AWS_SECRET_ACCESS_KEY": "benchmark-secret-of-forty-characters-0001",
    "AWS_REGION": "us-east-1",
}


def main() -> int:
    """Measure, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=2000, help="how many states (2000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each kind (3)")
    parser.add_argument("--check", action="store_true", help="fail beyond the limits")
    options = parser.parse_args()
    cold: list[float] = []
    warm: list[float] = []
    with tempfile.TemporaryDirectory(prefix="holdfast-benchmark-") as directory:
        root = Path(directory)
        with _server(root) as environment:
            _fill(environment, options.states)
            for run in range(options.runs):
                environment["XDG_CACHE_HOME"] = str(root / f"cache-{run}")
                for times in (cold, warm):
                    times.append(_measure(environment, options.states))
    print(f"{options.states} states  {'seconds':>9}  {'limit':>7}")
    print(f"{'nothing known':<14}  {median(cold):>7.2f}  {MOST_COLD:>7.1f}")
    print(f"{'nothing changed':<14} {median(warm):>7.2f}  {MOST_WARM:>7.1f}")
    slow = median(cold) > MOST_COLD or median(warm) > MOST_WARM
    return 1 if options.check and slow else 0


def _measure(environment: dict[str, str], states: int) -> float:
    """Run the command and return the seconds from its start to its end."""
    command = ["states", "--bucket", _BUCKET, "--lock-table", _TABLE]
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *command],
        env=environment,
        cwd=environment["XDG_CACHE_HOME"].rpartition("/")[0],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - before
    if done.returncode or len(done.stdout.splitlines()) != states + 1:
        raise SystemExit(f"holdfast states did not list the states:\n{done.stdout}{done.stderr}")
    return seconds


def _fill(environment: dict[str, str], states: int) -> None:
    """Write states and their digests, as Terraform does, and a few locks."""
    s3, dynamodb = _client("s3", environment), _client("dynamodb", environment)

    def put(number: int) -> None:
        key = f"team-{number % 20}/component-{number}/terraform.tfstate"
        body = _state(number)
        s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        lock_id = {"S": f"{_BUCKET}/{key}-md5"}
        dynamodb.put_item(TableName=_TABLE, Item={"LockID": lock_id, "Digest": {"S": digest}})
        if number % 100 == 0:
            lock = json.dumps({"ID": str(number), "Who": "ci@runner", "Operation": "apply"})
            s3.put_object(Bucket=_BUCKET, Key=f"{key}.tflock", Body=lock.encode())

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(put, range(states)):
            pass


def _state(number: int) -> bytes:
    resources = [
        {
            "mode": "managed",
            "type": "aws_instance",
            "name": f"it{at}",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 1, "attributes": {"id": "i" * 17, "text": "x" * 200}}],
        }
        for at in range(_RESOURCES)
    ]
    document = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": number,
        "lineage": f"lineage-{number}",
        "outputs": {},
        "resources": resources,
    }
    return json.dumps(document, indent=2).encode()


def _client(service: str, environment: dict[str, str]) -> Any:
    session: Any = boto3.session.Session()
    return session.client(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=_KEYS["AWS_REGION"],
        aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def _server(root: Path) -> Iterator[dict[str, str]]:
    """Run `holdfast serve` for the length of the block, and yield what leads to it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**clean, **_KEYS, "PYTHONPATH": str(_SOURCES)}
    environment["HOLDFAST_ADMIN_ACCESS_KEY_ID"] = _KEYS["AWS_ACCESS_KEY_ID"]
    environment["HOLDFAST_ADMIN_SECRET_ACCESS_KEY"] = _KEYS["AWS_SECRET_ACCESS_KEY"]
    log = root / "serve.log"
    arguments = ["serve", "--data", str(root / "data"), "--listen", "127.0.0.1:0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *arguments],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        environment["AWS_ENDPOINT_URL"] = _address(process, log)
        yield environment
    finally:
        process.terminate()
        process.wait(_GIVE_UP)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the server's address once it says it."""
    deadline = time.monotonic() + _GIVE_UP
    while time.monotonic() < deadline:
        said = log.read_text()
        if " ready " in said:
            start = said.index("http://127.0.0.1:")
            return said[start:].split()[0].rstrip("/.,\"'")
        if process.poll() is not None:
            raise SystemExit(f"holdfast serve ended:\n{said}")
        time.sleep(0.05)
    raise SystemExit("holdfast serve did not start")


if __name__ == "__main__":
    raise SystemExit(main())
