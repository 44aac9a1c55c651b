"""How long it takes to read the header of a large state, to read it whole, and to compare two.

The command `holdfast diff` is measured as its user starts it, on two files. Beside the time by the
clock stands the processor's, which does not count what other programs do meanwhile.
Run it with `python benchmarks/diff.py`; `--check` makes it fail beyond the limits below.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from holdfast.terraform.diff import diff
from holdfast.terraform.statefile import header, parse, with_serial

MOST_SECONDS_OF_HEADER = 0.1  # of a state of 20 MB
MOST_SECONDS_OF_DIFF = 3.0  # of two states of 50 MB, by the command, reading them included

_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]})


def main() -> int:
    """Measure, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--check", action="store_true", help="fail beyond the limits")
    options = parser.parse_args()
    small, old = body_of(20), body_of(50)
    headers = _measure("header, 20 MB", options.runs, lambda: header(small))
    _measure("parse, 50 MB", options.runs, lambda: parse(old))
    _measure("with_serial, 50 MB", options.runs, lambda: with_serial(old, 2))
    size = f"{len(old) / 1e6:.0f} MB"
    slowest = 0.0
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "old.tfstate"), Path(folder, "new.tfstate")
        before.write_bytes(old)
        for name, edit in CASES.items():
            new = body_of(50, edit)
            _measure(f"diff, {size}, {name}", options.runs, partial(_compare, old, new))
            after.write_bytes(new)
            run = partial(_command, before, after)
            taken = _measure(f"holdfast diff, {size}, {name}", options.runs, run)
            slowest = max(slowest, 0.0 if name in UNLIKELY else taken)
    print(
        f"{'limits':<40}  {MOST_SECONDS_OF_HEADER * 1000:>6.0f} ms for the header, "
        f"{MOST_SECONDS_OF_DIFF * 1000:.0f} ms for 'holdfast diff' unless all changed"
    )
    slow = headers > MOST_SECONDS_OF_HEADER or slowest > MOST_SECONDS_OF_DIFF
    return 1 if options.check and slow else 0


def _compare(old: bytes, new: bytes) -> None:
    diff(parse(old), parse(new))


def _command(old: Path, new: Path) -> None:
    holdfast = Path(sys.executable).with_name("holdfast")
    subprocess.run([holdfast, "diff", old, new], check=True, stdout=subprocess.DEVNULL)


def _same(_number: int, _entry: dict[str, Any]) -> None:
    pass


def _changed(_number: int, entry: dict[str, Any]) -> None:
    entry["instances"][0]["attributes"]["tags"]["Owner"] = "someone else"


def _changed_sometimes(number: int, entry: dict[str, Any]) -> None:
    if number % 100 == 0:
        _changed(number, entry)


def _moved(_number: int, entry: dict[str, Any]) -> None:
    entry["module"] = "module.moved"


CASES = {
    "nothing changed": _same,
    "1 % changed": _changed_sometimes,
    "all changed": _changed,
    "all moved": _moved,
}
UNLIKELY = {"all changed"}  # measured, and not held to the limit


def body_of(megabytes: int, edit: Callable[[int, dict[str, Any]], None] = _same) -> bytes:
    """Return a state of about a size as Terraform writes it, each resource edited before."""
    state = document(megabytes)
    for number, entry in enumerate(state["resources"]):
        edit(number, entry)
    return json.dumps(state, indent=2).encode() + b"\n"


def document(megabytes: int) -> dict[str, Any]:
    """Return a state of about a size when indented, with resources of about 4 kB."""
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "benchmark",
        "outputs": {},
        "resources": [_resource(number) for number in range(megabytes * 270)],
        "check_results": None,
    }


def _resource(number: int) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        f"attribute_{place}": f"value {number} of attribute {place}" for place in range(40)
    }
    attributes |= {
        "id": f"i-{number:012x}",
        "policy": _POLICY,
        "tags": {"Name": f"instance-{number}", "Owner": "someone"},
        "password": f"password-{number}",
        "rule": [{"port": port, "cidr": ["10.0.0.0/8"]} for port in range(3)],
    }
    instance = {
        "schema_version": 1,
        "attributes": attributes,
        "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]],
        "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
        "dependencies": [f"aws_subnet.subnet_{place}" for place in range(10)],
    }
    return {
        "mode": "managed",
        "type": "aws_instance",
        "name": f"instance_{number}",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }


def _measure(name: str, runs: int, work: Callable[[], object]) -> float:
    """Run some work several times, print the median and return it."""
    times, of_processor = [], []
    for _ in range(runs):
        before, used = time.perf_counter(), _processor()
        work()
        times.append(time.perf_counter() - before)
        of_processor.append(_processor() - used)
    print(
        f"{name:<40}  {median(times) * 1000:>6.0f} ms  (least {min(times) * 1000:.0f} ms; "
        f"processor {median(of_processor) * 1000:.0f} ms)"
    )
    return median(times)


def _processor() -> float:
    """Return the seconds that this process and the commands it has run kept a processor busy."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    raise SystemExit(main())
