"""What the rules for states cost a correct client: the time of its requests with and without them.

Two servers in one process, one with rules and one without, take the same requests in turns: a lock
in a table, a state with the next serial, its digest, the lock read and given back; then with a lock
file instead. The whole pipeline answers each, into a store of its own on disk, durably; what HTTP and
the socket take besides is not counted, so that the rules come out dearer than they are. Elapsed time
is what a client waits; processor time is what a busy server has less.

Run it with `python benchmarks/rules.py`; `--check` makes it fail beyond the limit below. On a machine
that others use too, `--low` with `TMPDIR=/dev/shm` compares what the processor does, without a disk.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scenarios import terraform_requests as terraform
from benchmarks.scenarios.places import BUCKET, places
from benchmarks.wire.requests import Request as Signed
from benchmarks.wire.requests import Signer

from holdfast.aws.http import Headers, Request
from holdfast.cli.server.judging import state_rules
from holdfast.engine.open import open_directory
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.judging import NoRules
from holdfast.server.operation import Site
from holdfast.server.pipeline import Pipeline
from holdfast.server.rule_modes import checked
from holdfast.server.services import SERVICES
from holdfast.server.serving import Serving

MOST = 10.0  # percent that an apply's requests may take longer

_URL = "http://127.0.0.1:8270"
_KEY = NewKey("AKIABENCHMARK0000001", "benchmark-secret-of-forty-characters-0001")
_PIECE = 1 << 20  # bytes handed over at once
_SIZES = {"10 KB": 10, "100 KB": 100, "1 MB": 1000}  # thousands of bytes

_OFF = {"all": "off"}
_FENCES = ("held", "stale", "lineage", "outdated")
_ALONE: dict[str, dict[str, str] | None] = {
    "without": None,
    "journal": checked(_OFF),
    "one_lock": checked({**_OFF, "one_lock": "enforce"}),
    "digest": checked({**_OFF, "digest": "enforce"}),
    "fence": checked({**_OFF, **{f"fence.{name}": "enforce" for name in _FENCES}}),
}

Times = dict[str, list["Spent"]]  # by step


class Spent(NamedTuple):
    """Milliseconds."""

    elapsed: float
    processor: float


class Step(NamedTuple):
    """A request of an apply, with its name."""

    name: str
    request: Signed


def cycle(signer: Signer, key: str, body: bytes, *, lock_file: bool) -> list[Step]:
    """Return the requests of an apply that take and give back a lock and write a state."""
    lock, file = f"{BUCKET}/{key}", f"{key}.tflock"
    if lock_file:
        taken, shown, given = terraform.lock_file_cycle(signer, file)
        return [
            Step("lock", taken),
            Step("state", signer.put(BUCKET, key, body)),
            Step("read lock", shown),
            Step("unlock", given),
        ]
    taken, shown, given = terraform.lock_cycle(signer, lock)
    written, digest = terraform.state_write(signer, key, body)
    return [
        Step("lock", taken),
        Step("state", written),
        Step("digest", digest),
        Step("read lock", shown),
        Step("unlock", given),
    ]


class Load(NamedTuple):
    """Applies of a state of one size, with one kind of lock."""

    signer: Signer
    size: str
    thousands: int  # of bytes
    lock_file: bool

    def __str__(self) -> str:
        return f"{self.size}, {'lock file' if self.lock_file else 'lock table'}"

    def steps(self, number: int) -> list[Step]:
        """Return the requests of an apply."""
        body = terraform.state(self.thousands * terraform.KIB, serial=number + 1)
        return cycle(self.signer, "app.tfstate", body, lock_file=self.lock_file)


class Server:
    """A pipeline over a store of its own."""

    def __init__(self, data: Path, modes: Mapping[str, str] | None) -> None:
        """Make the store; without rules if there are no modes."""
        self._directory = open_directory(data)
        vault, engine = self._directory.vault, self._directory.engine
        now = datetime.now(UTC)

        def first(tx: Any) -> None:
            create_user(tx, ADMINISTRATOR, now, os.urandom)
            create_access_key(tx, vault, ADMINISTRATOR, now, os.urandom, _KEY)

        engine.update(first)
        judged = NoRules() if modes is None else state_rules(vault, {"": modes})
        site = Site("123456789012", "us-east-1", vault, os.urandom, judged)
        self._pipeline = Pipeline(Serving(engine, site, SERVICES))

    def close(self) -> None:
        """Let the store go."""
        self._directory.close()

    def spent(self, signed: Signed) -> Spent:
        """Answer a request; return what that took."""
        head, _, body = signed.wire.partition(b"\r\n\r\n")
        request = _parsed(head.decode())
        pieces = [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)]
        before, began = time.process_time(), time.perf_counter()
        exchange = self._pipeline.begin(request)
        for piece in pieces:
            exchange.feed(piece)
        exchange.finish()
        processor, elapsed = time.process_time() - before, time.perf_counter() - began
        response = exchange.response
        if response is None or response.status not in signed.good | {204}:
            raise SystemExit(f"{signed.method!r} was refused: {response}")
        return Spent(elapsed * 1000, processor * 1000)


def _parsed(head: str) -> Request:
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    pairs = [line.split(": ", 1) for line in lines]
    return Request(method, path, query, Headers([(name, value) for name, value in pairs]))


def measured(servers: dict[str, Server], work: Callable[[int], list[Step]], rounds: int) -> Any:
    """Return the times of each server, by step."""
    times: dict[str, Times] = {name: defaultdict(list) for name in servers}
    for number in range(rounds):
        steps = work(number)
        for name in sorted(servers, reverse=bool(number % 2)):
            for step in steps:
                times[name][step.name].append(servers[name].spent(step.request))
    return times


Typical = Callable[[list[float]], float]


def low(values: list[float]) -> float:
    """Return what a tenth of the values is below of: they were disturbed by nobody."""
    return sorted(values)[len(values) // 10]


def middle(times: Times, typical: Typical) -> dict[str, Spent]:
    """Return what is typical of each step, and of all of them together."""
    found = {
        name: Spent(
            typical([one.elapsed for one in spent]), typical([one.processor for one in spent])
        )
        for name, spent in times.items()
    }
    every = found.values()
    whole = Spent(sum(one.elapsed for one in every), sum(one.processor for one in every))
    return {**found, "all": whole}


def main() -> int:
    """Measure, print tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of each kind (200)")
    parser.add_argument("--large", type=int, default=0, help="megabytes of a larger state")
    parser.add_argument("--check", action="store_true", help="fail beyond the limit")
    parser.add_argument("--each", action="store_true", help="each rule by itself")
    parser.add_argument("--low", action="store_true", help="lower tenths in place of medians")
    options = parser.parse_args()
    typical: Typical = low if options.low else median
    sizes = dict(_SIZES) | ({f"{options.large} MB": options.large * 1000} if options.large else {})
    signer = Signer(_URL, _URL, _KEY.access_key_id, _KEY.secret)
    loads = [
        Load(signer, size, thousands, lock_file)
        for size, thousands in sizes.items()
        for lock_file in (False, True)
    ]
    if options.each:
        for load in loads:
            _each(load, options.rounds, typical)
        return 0
    worst = max(_compare(load, options.rounds, typical) for load in loads)
    print(f"\nAn apply's requests take {worst:.1f} % longer at most (limit {MOST:.0f} %)")
    return 1 if options.check and worst > MOST else 0


def _times(load: Load, modes: Mapping[str, Mapping[str, str] | None], rounds: int) -> Any:
    """Return the times of a server for each of these modes, by its name and by step."""
    with tempfile.TemporaryDirectory(prefix="holdfast-benchmark-") as folder:
        servers = {name: Server(Path(folder) / name, mode) for name, mode in modes.items()}
        for server in servers.values():
            for request in places(load.signer):
                server.spent(request)
        measured(servers, load.steps, 3)  # what is made once is no part of it
        times = measured(servers, lambda number: load.steps(number + 10), rounds)
        for server in servers.values():
            server.close()
    return times


def _compare(load: Load, rounds: int, typical: Typical) -> float:
    rounds = max(5, min(rounds, 100_000 // load.thousands))
    times = _times(load, {"without": None, "with": {}}, rounds)
    print(f"\n{load}: {rounds} of each, in milliseconds; without rules, with, more")
    print(f"  {'':<10}  {'elapsed':>26}  {'processor':>26}")
    off, on = middle(times["without"], typical), middle(times["with"], typical)
    for name in off:
        cells = [_cell(one, two) for one, two in zip(off[name], on[name], strict=True)]
        print(f"  {name:<10}  {'  '.join(cells)}")
    return (on["all"].elapsed / off["all"].elapsed - 1) * 100


def _each(load: Load, rounds: int, typical: Typical) -> None:
    """Print what each rule adds, alone, to the journal that is always written."""
    rounds = max(5, min(rounds, 100_000 // load.thousands))
    found = {name: middle(times, typical) for name, times in _times(load, _ALONE, rounds).items()}
    print(f"\n{load}: what each adds, {rounds} of each, in milliseconds")
    print(f"  {'':<10}  {'state, elapsed':>20}  {'all, elapsed':>20}  {'all, processor':>20}")
    bare = found["without"]
    for name in list(_ALONE)[1:]:
        less = bare if name == "journal" else found["journal"]
        cells = [
            _share(less[step], found[name][step], bare[step], at)
            for step, at in (("state", 0), ("all", 0), ("all", 1))
        ]
        print(f"  {name:<10}  {'  '.join(cells)}")


def _share(less: Spent, more: Spent, whole: Spent, at: int) -> str:
    added = more[at] - less[at]
    return f"{added:+10.3f} {added / whole[at] * 100:+7.1f} %"


def _cell(off: float, on: float) -> str:
    return f"{off:8.3f} {on:8.3f} {(on / off - 1) * 100:+6.1f} %"


if __name__ == "__main__":
    raise SystemExit(main())
