"""What the project promises of its speed and size, and whether a report shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.results import metrics
from benchmarks.results.metrics import Metric
from benchmarks.results.numbers import advantage

Value = Callable[[str, Metric, str], float | None]  # scenario, metric, peer


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise; against a peer, `limit` is how many times better at least."""

    text: str
    scenario: str
    metric: Metric
    limit: float
    against: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a goal."""

    goal: str
    measured: str
    met: Literal["yes", "no", "not measured"]


_DYNALITE = "dynalite+s3rver"
GOALS = (
    Goal("lock cycles, 1 client: 1,000/s", "lock-1", metrics.RATE, 1000),
    Goal("lock cycles, 1 client: p50 of 1 ms", "lock-1", metrics.P50, 1),
    Goal("lock cycles, 1 client: not behind dynalite", "lock-1", metrics.RATE, 1, _DYNALITE),
    Goal("lock cycles, 64 clients: 2,500/s", "lock-64", metrics.RATE, 2500),
    Goal("lock cycles, 64 clients: 1.7 x dynalite", "lock-64", metrics.RATE, 1.7, _DYNALITE),
    Goal("lock cycles, 64 clients: 6 x MiniStack", "lock-64", metrics.RATE, 6, "ministack"),
    Goal("lock cycles, 64 clients: 17 x moto", "lock-64", metrics.RATE, 17, "moto"),
    Goal("contention: 100 handovers/s", "contention", metrics.RATE, 100),
    Goal("contention: every client wins", "contention", metrics.FEWEST, 1),
    Goal("state writes, 64 clients: 1,300/s", "write-64", metrics.RATE, 1300),
    Goal("state writes, 64 clients: 2.8 x s3rver", "write-64", metrics.RATE, 2.8, _DYNALITE),
    Goal("state reads, 64 clients: 1,300/s", "read-64", metrics.RATE, 1300),
    Goal("state reads, 64 clients: 3 x s3rver", "read-64", metrics.RATE, 3, _DYNALITE),
    Goal("lock-file cycles, 64 clients: 1,400/s", "lock-file-64", metrics.RATE, 1400),
    Goal("50 MB state: in, 250 MB/s", "big-state", metrics.IN, 250),
    Goal("50 MB state: out, 400 MB/s", "big-state", metrics.OUT, 400),
    Goal("50 MB state: at most 64 MiB more memory", "big-state", metrics.GROWN, 64),
    Goal("1,000 versions: at most 4 % of the raw size", "versions", metrics.DISK, 4),
    Goal("1,000 versions: oldest read in 20 ms", "versions", metrics.OLDEST, 20),
    Goal("1,000 versions: listed in 30 ms", "versions", metrics.LISTED, 30),
    Goal("10,000 keys: listed in 120 ms", "keys", metrics.LISTED, 120),
    Goal("start to first answer: 0.25 s", "start", metrics.START, 0.25),
    Goal("idle memory: 42 MiB", "start", metrics.IDLE, 42),
    Goal("memory after the run: 120 MiB", "memory", metrics.AFTER, 120),
    Goal("terraform plan: at most 60 ms over local", "terraform", metrics.PLAN, 60),
    Goal("large store: lock cycle at most 15 % slower", "growth", metrics.SLOWER_LOCK, 1.15),
    Goal("large store: write at most 15 % slower", "growth", metrics.SLOWER_WRITE, 1.15),
    Goal("large store: read at most 15 % slower", "growth", metrics.SLOWER_READ, 1.15),
)
_AT_LEAST = (metrics.RATE, metrics.IN, metrics.OUT, metrics.FEWEST)


def judge(value: Value, ours: str, goals: Sequence[Goal] = GOALS) -> list[Verdict]:
    """Return what came of each goal; `value` looks numbers up."""
    return [_verdict(goal, value, ours) for goal in goals]


def _verdict(goal: Goal, value: Value, ours: str) -> Verdict:
    mine = value(goal.scenario, goal.metric, ours)
    if mine is not None and goal.against:
        theirs = value(goal.scenario, goal.metric, goal.against)
        mine = None if theirs is None else advantage(goal.metric, mine, theirs)
    if mine is None:
        return Verdict(goal.text, "–", "not measured")  # noqa: RUF001 - a dash in a table
    more = goal.against or goal.metric in _AT_LEAST
    met = mine >= goal.limit if more else mine <= goal.limit
    said = f"{mine:.2f} x" if goal.against else f"{mine:,.{goal.metric.digits}f}"
    return Verdict(goal.text, said, "yes" if met else "no")
