"""Whether operations cost more in a large store than in a small one."""

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured, Metric
from benchmarks.scenarios import terraform_requests as terraform
from benchmarks.scenarios.places import BUCKET, VERSIONED, make_versioned
from benchmarks.scenarios.scenario import Pair, Scenario, Settings
from benchmarks.servers.peer import Running
from benchmarks.wire.load import once, repeat
from benchmarks.wire.requests import Request, Signer

_FEW = 10
_ROUNDS = 6  # in turns, so that what else the machine does meets both stores
_SMALL_STATE = terraform.state(2 * terraform.KIB)
_SPREAD = 7  # keys that are used, spread over the store


def _measure(small: Running, large: Running, settings: Settings) -> Measured:
    """Fill two servers, and let both do the same in turns; processor time is compared."""
    _fill(small.signer, _FEW, 1, settings.fill_seconds)
    _fill(large.signer, settings.states, settings.depth, settings.fill_seconds)
    values: dict[Metric, float] = {}
    for metric, kind in (
        (metrics.SLOWER_LOCK, "lock"),
        (metrics.SLOWER_WRITE, "write"),
        (metrics.SLOWER_READ, "read"),
    ):
        pairs = [
            (small, _cycle(kind, small.signer, _FEW)),
            (large, _cycle(kind, large.signer, settings.states)),
        ]
        used, did = [0.0, 0.0], [0, 0]
        for _ in range(_ROUNDS):
            for at, (server, cycle) in enumerate(pairs):
                before = server.processor_seconds()
                did[at] += len(repeat([cycle], settings.seconds / _ROUNDS).times)
                used[at] += server.processor_seconds() - before
        values[metric] = (used[1] / did[1]) / (max(used[0], 0.01) / did[0])
    return Measured(values)


def _fill(signer: Signer, states: int, depth: int, seconds: float) -> None:
    """Write states with their digests and locks, and versions of one of them."""
    make_versioned(signer)
    for first in range(0, states, 5000):
        requests: list[Request] = []
        for number in range(first, min(first + 5000, states)):
            requests += terraform.state_write(signer, _key(number), _SMALL_STATE)
        once(requests, 32, seconds)
    for first in range(0, depth, 5000):
        count = min(depth - first, 5000)
        once([signer.put(VERSIONED, "deep", _SMALL_STATE)] * count, 4, seconds)


def _cycle(kind: str, signer: Signer, states: int) -> list[Request]:
    """Return operations on keys all over the store, and on the state with many versions."""
    cycle: list[Request] = []
    for at in range(_SPREAD):
        key = _key(at * (states - 1) // _SPREAD)
        if kind == "lock":
            cycle += terraform.lock_cycle(signer, f"{BUCKET}/{key}")
        elif kind == "write":
            cycle += terraform.state_write(signer, key, _SMALL_STATE)
        else:
            cycle += terraform.state_read(signer, key, len(_SMALL_STATE))
    if kind == "write":
        cycle.append(signer.put(VERSIONED, "deep", _SMALL_STATE))
    if kind == "read":
        cycle.append(signer.s3("GET", f"/{VERSIONED}/deep", length=len(_SMALL_STATE)))
    return cycle


def _key(number: int) -> str:
    return f"team-{number % 50:02}/component-{number:06}/terraform.tfstate"


SCENARIOS = [
    Scenario(
        "growth",
        "A large store beside a small one",
        Pair(_measure),
        fresh=True,
        once=True,
        only_ours=True,
    )
]
