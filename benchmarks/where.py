"""Where the work of a short request is: instructions of the Python interpreter, by file and function.

Four fifths of a short request's processor time are spent in the interpreter, so their number is a
measure that no other load on the machine disturbs: twice the same is twice the same number. Requests go
through a whole connection, from the parser to the answer in bytes, without a socket and other threads.

Run it with `python benchmarks/where.py`; `--load` chooses one of the loads.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scenarios import terraform_requests as terraform
from benchmarks.scenarios.places import BUCKET, TABLE, places
from benchmarks.wire.requests import Request, Signer
from msgspec.structs import replace

from holdfast.cli.server import logs
from holdfast.cli.server.judging import state_rules
from holdfast.engine.open import open_directory
from holdfast.server import direct
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.connection import Connection, limited
from holdfast.server.edge import Edge
from holdfast.server.health import Health
from holdfast.server.http_protocol import Shared
from holdfast.server.judging import NoRules
from holdfast.server.limits import Limits
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site
from holdfast.server.pipeline import Pipeline
from holdfast.server.services import SERVICES
from holdfast.server.serving import Serving, utc_now

_URL = "http://127.0.0.1:8270"
_KEY = NewKey("AKIABENCHMARK0000001", "benchmark-secret-of-forty-characters-0001")
_STATE = terraform.state(100 * terraform.KIB)
_PATIENT = Limits(header_seconds=3600, stall_seconds=3600)  # to count is slow
_PACKAGE = "holdfast/"

Step = list[Request]  # that all clients make together
Count = Counter[tuple[str, str]]  # by file and function


class _Wire(asyncio.Transport):
    """A client that reads everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.refusal = b""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        head = bytes(data[:9])
        if head == b"HTTP/1.1 ":  # and not the body of a longer answer
            self.answers += 1
            self.refusal = b"" if data[9:10] == b"2" else bytes(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def resume_reading(self) -> None:
        """It was never paused."""


def _loads(signer: Signer, clients: int) -> dict[str, list[list[Request]]]:
    """Return the cycles of each load, one for each client."""
    numbers = range(clients)
    return {
        "lock": [terraform.lock_cycle(signer, f"{BUCKET}/{number}") for number in numbers],
        "write": [terraform.state_write(signer, str(number), _STATE) for number in numbers],
        "read": [terraform.state_read(signer, str(number), len(_STATE)) for number in numbers],
        "lock-file": [terraform.lock_file_cycle(signer, f"{number}.tflock") for number in numbers],
    }


def _policy() -> str:
    """Return a policy as a writer of a prefix has it, for the places of the benchmark."""
    bucket, table = f"arn:aws:s3:::{BUCKET}", f"arn:aws:dynamodb:*:*:table/{TABLE}"
    prefixes = {"StringLike": {"s3:prefix": ["staging/*", "env:/*/staging/*"]}}
    leading = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{BUCKET}/*", "staging/*"]}}
    allowed: list[tuple[list[str], list[str], dict[str, Any]]] = [
        (["s3:ListBucket", "s3:ListBucketVersions"], [bucket], prefixes),
        (["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/*"], {}),
        (["s3:PutObject", "s3:DeleteObject"], [f"{bucket}/staging/*", f"{bucket}/*"], {}),
        (["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], [table], leading),
        (["s3:CreateBucket", "dynamodb:CreateTable"], ["*"], {}),
    ]
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition}
        for actions, resources, condition in allowed
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _serving(data: Path, user: str, *, rules: bool) -> tuple[Serving, Callable[[], None]]:
    directory = open_directory(data)
    now = datetime.now(UTC)

    def first(tx: Any) -> None:
        policies = {} if user == ADMINISTRATOR else {"own": _policy()}
        tx.put(replace(create_user(tx, user, now, os.urandom), policies=policies))
        create_access_key(tx, directory.vault, user, now, os.urandom, _KEY)

    directory.engine.update(first)
    judged = state_rules(directory.vault) if rules else NoRules()
    site = Site("123456789012", "us-east-1", directory.vault, os.urandom, judged)
    return Serving(directory.engine, site, SERVICES, utc_now, Limits(), ""), directory.close


async def _counted(serving: Serving, clients: int) -> dict[str, tuple[int, Count]]:
    """Return for each load the number of its requests and the instructions of all of them."""
    metrics = Metrics()
    health = Health(serving.engine, serving.site, metrics)
    edge = Edge(Pipeline(serving), health, metrics, logs.access_log())
    shared = Shared(_unreachable, idle_seconds=60)
    made = limited(_PATIENT, direct.Direct(edge))
    connections = [(made(shared), _Wire()) for _ in range(clients)]
    for connection, wire in connections:
        connection.connection_made(wire)
    signer = Signer(_URL, _URL, _KEY.access_key_id, _KEY.secret)
    for request in places(signer):
        await _step(connections[:1], [request])
    counts: dict[str, tuple[int, Count]] = {}
    for load, cycles in _loads(signer, clients).items():
        steps = [list(step) for step in zip(*cycles, strict=True)]
        for step in steps:  # once unseen: what is made once per process is no part of a request
            await _step(connections, step)
        count: Count = Counter()
        sys.settrace(_tracer(count))
        for step in steps:
            await _step(connections, step)
        sys.settrace(None)
        counts[load] = (clients * len(steps), count)
    for connection, _ in connections:
        connection.connection_lost(None)
    edge.close()
    return counts


async def _step(connections: Sequence[tuple[Connection, _Wire]], step: Step) -> None:
    """Let each client send its request, and wait until all are answered."""
    before = sum(wire.answers for _, wire in connections)
    for (connection, _), request in zip(connections, step, strict=True):
        connection.data_received(request.wire)
    while sum(wire.answers for _, wire in connections) < before + len(step):
        await asyncio.sleep(0)
    for _, wire in connections:
        if wire.refusal:
            raise SystemExit(f"a request was refused: {wire.refusal!r}")


async def _unreachable(*_: Any) -> None:
    raise SystemExit("a request was none of the short ones")


def _tracer(count: Count) -> Callable[..., Any]:
    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        source = frame.f_code.co_filename
        if source == __file__ or "asyncio" in source:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        path, _, name = source.rpartition(_PACKAGE)
        place = (name if path else "outside", frame.f_code.co_name)

        def step(_frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "opcode":
                count[place] += 1
            return step

        return step

    return trace


def main() -> None:
    """Count, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16, help="that send at once (16)")
    parser.add_argument("--user", default=ADMINISTRATOR, help="writer: one with a policy")
    parser.add_argument("--load", help="one of them: lock, write, read, lock-file")
    parser.add_argument("--no-rules", action="store_true", help="leave out the rules for states")
    parser.add_argument("--top", type=int, default=15, help="lines of each table (15)")
    options = parser.parse_args()
    direct._SLOW_COMMIT = 60.0  # noqa: SLF001 - counting makes commits slow, which changes the way
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-benchmark-") as folder,
        Path(os.devnull).open("w") as nowhere,
    ):
        logs.set_up("info", "human", nowhere)
        serving, close = _serving(Path(folder) / "data", options.user, rules=not options.no_rules)
        counts = asyncio.run(_counted(serving, options.clients))
        close()
    for load, (requests, count) in counts.items():
        if options.load in (None, load):
            _print(load, requests, count, options.top)


def _print(load: str, requests: int, count: Count, top: int) -> None:
    print(f"\n{load}: {count.total() / requests:,.0f} instructions per request\n")
    files: Counter[str] = Counter()
    for (file, _), number in count.items():
        files[file] += number
    functions = [(f"{file}:{name}", number) for (file, name), number in count.most_common(top)]
    for (file, number), (name, own) in zip(files.most_common(top), functions, strict=False):
        print(f"{number / requests:8.0f}  {file:<34}{own / requests:8.0f}  {name}")


if __name__ == "__main__":
    main()
