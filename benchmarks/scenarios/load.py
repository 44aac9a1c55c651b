"""Locks, states and lock files under 1, 8 and 64 clients; many clients on one lock."""

import os
from collections.abc import Callable
from functools import partial

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured, Metric
from benchmarks.results.numbers import percentile
from benchmarks.scenarios import terraform_requests as terraform
from benchmarks.scenarios.places import BUCKET
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.peer import Running, Unsupported
from benchmarks.wire.contention import contend
from benchmarks.wire.load import Outcome, ask, once, repeat
from benchmarks.wire.requests import Request, Signer

_WARM_UP = 0.5  # seconds
_CONTEST = 10.0  # seconds at least: at 100 handovers/s 16 turns each, so that none is no accident
_STATE = terraform.state(100 * terraform.KIB)
Cycles = Callable[[Signer, int], list[list[Request]]]  # for so many clients


def lock_cycles(signer: Signer, clients: int) -> list[list[Request]]:
    """Return each client's lock cycle, on a lock of its own."""
    return [terraform.lock_cycle(signer, f"{BUCKET}/lock-{number}") for number in range(clients)]


def write_cycles(signer: Signer, clients: int) -> list[list[Request]]:
    """Return each client's state write."""
    return [terraform.state_write(signer, f"w/{number}", _STATE) for number in range(clients)]


def read_cycles(signer: Signer, clients: int) -> list[list[Request]]:
    """Return each client's state read; the states are written first."""
    once([request for cycle in write_cycles(signer, clients) for request in cycle], 4, 60)
    return [terraform.state_read(signer, f"w/{number}", len(_STATE)) for number in range(clients)]


def lock_file_cycles(signer: Signer, clients: int) -> list[list[Request]]:
    """Return each client's lock-file cycle.

    Raises:
        Unsupported: A second lock file replaces the first.
    """
    probe = terraform.take_lock_file(signer, f"probe-{os.urandom(4).hex()}.tflock")
    first, second = ask(probe).status, ask(probe).status
    if (first, second) != (200, 412):
        raise Unsupported(f"does not hold lock files: a second If-None-Match: * answers {second}")
    return [terraform.lock_file_cycle(signer, f"l/{number}.tflock") for number in range(clients)]


def loaded(server: Running, seconds: float, cycles: list[list[Request]]) -> Measured:
    """Let clients repeat their cycles, first to warm up, and return what came of it."""
    repeat(cycles, min(_WARM_UP, seconds / 4))
    before = server.processor_seconds()
    outcome = repeat(cycles, seconds)
    return yielded(outcome, server.processor_seconds() - before)


def yielded(outcome: Outcome, processor: float) -> Measured:
    """Return the numbers of a load during which the server used so many seconds of processor."""
    done = len(outcome.times)
    values: dict[Metric, float] = {
        metrics.RATE: done / outcome.seconds,
        metrics.P50: percentile(outcome.times, 0.50) * 1e3,
        metrics.P99: percentile(outcome.times, 0.99) * 1e3,
        metrics.PROCESSOR: processor / done * 1e6,
    }
    if outcome.failures:
        values[metrics.FAILED] = outcome.failures
    return Measured(values, note=outcome.first_failure)


def _load(make: Cycles, clients: int, server: Running, settings: Settings) -> Measured:
    return loaded(server, settings.seconds, make(server.signer, clients))


def _contention(server: Running, settings: Settings) -> Measured:
    name = f"{BUCKET}/contended"
    takes = [terraform.take_lock(server.signer, name, client) for client in range(64)]
    give = terraform.give_lock(server.signer, name)
    contest = contend(takes, give, max(settings.seconds, _CONTEST))
    values: dict[Metric, float] = {
        metrics.RATE: contest.handovers / contest.seconds,
        metrics.WINNERS: sum(wins > 0 for wins in contest.wins),
        metrics.FEWEST: min(contest.wins),
        metrics.MOST: max(contest.wins),
    }
    if contest.outcome.failures:
        values[metrics.FAILED] = contest.outcome.failures
    return Measured(values, note=contest.outcome.first_failure)


def _syncs(make: Cycles, clients: int, server: Running, settings: Settings) -> Measured:
    if server.trace is None:
        raise Unsupported("strace is not on PATH")
    cycles = make(server.signer, clients)
    before = len(server.trace.read_bytes().splitlines())
    outcome = repeat(cycles, min(settings.seconds, 2.0))
    calls = len(server.trace.read_bytes().splitlines()) - before
    return Measured({metrics.SYNCS: calls / len(outcome.times)}, note=outcome.first_failure)


def _scenarios(name: str, title: str, make: Cycles, counts: tuple[int, ...]) -> list[Scenario]:
    loads = [
        Scenario(f"{name}-{count}", f"{title}, {_clients(count)}", partial(_load, make, count))
        for count in counts
    ]
    syncs = [
        Scenario(
            f"syncs-{name}-{count}",
            f"{title}, {_clients(count)}: syncs",
            partial(_syncs, make, count),
            fresh=True,
            traced=True,
            once=True,
        )
        for count in (1, 64)
    ]
    return [*loads, *syncs]


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


SCENARIOS = [
    *_scenarios("lock", "Lock cycle", lock_cycles, (1, 8, 64)),
    Scenario("contention", "64 clients, one lock: handovers", _contention),
    *_scenarios("write", "State write, 100 KB", write_cycles, (1, 64)),
    *_scenarios("read", "State read, 100 KB", read_cycles, (1, 64)),
    *_scenarios("lock-file", "Lock-file cycle", lock_file_cycles, (1, 64)),
]
