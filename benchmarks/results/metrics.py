"""What a scenario yields: named numbers, or the reason why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One kind of number."""

    name: str  # as the report shows it, with its unit
    better: Literal["more", "less", "none"]
    digits: int = 1
    steady: bool = False  # it depends on the program and not on the machine


RATE = Metric("per second", "more", 0)
P50 = Metric("p50, ms", "less", 2)
P99 = Metric("p99, ms", "less", 2)
PROCESSOR = Metric("server CPU per operation, µs", "less", 0)
FAILED = Metric("wrong answers", "less", 0)
SYNCS = Metric("fsyncs per operation", "none", 2, steady=True)
WINNERS = Metric("clients that got the lock", "none", 0)
FEWEST = Metric("fewest turns of a client", "none", 0)
MOST = Metric("most turns of a client", "none", 0)
IN = Metric("in, MB/s", "more", 0)
OUT = Metric("out, MB/s", "more", 0)
GROWN = Metric("server memory above idle at most, MiB", "less", 1, steady=True)
DISK = Metric("disk, % of the raw size", "less", 1, steady=True)
LISTED = Metric("listed, ms", "less", 1)
OLDEST = Metric("oldest read, ms", "less", 1)
START = Metric("start to first answer, s", "less", 2)
IDLE = Metric("memory idle, MiB", "less", 1, steady=True)
AFTER = Metric("memory after the run, MiB", "less", 1, steady=True)
SLOWER_LOCK = Metric("lock cycle, large over small store", "none", 2, steady=True)
SLOWER_WRITE = Metric("state write, large over small store", "none", 2, steady=True)
SLOWER_READ = Metric("state read, large over small store", "none", 2, steady=True)
PLAN = Metric("terraform plan over the local backend, ms", "less", 0)
APPLY = Metric("terraform apply over the local backend, ms", "less", 0)
EARLY_MEMORY = Metric("memory after the first quarter, MiB", "less", 1, steady=True)
LATE_MEMORY = Metric("memory at the end, MiB", "less", 1, steady=True)
EARLY_CPU = Metric("CPU per operation, first quarter, µs", "less", 0)
LATE_CPU = Metric("CPU per operation, last quarter, µs", "less", 0)
EARLY_COST = Metric("the same by a fixed loop's beside it, first quarter, ‰", "less", 1)
LATE_COST = Metric("the same by a fixed loop's beside it, last quarter, ‰", "less", 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one scenario yielded for one server in one run."""

    values: Mapping[Metric, float] = field(default_factory=dict)
    reason: str = ""  # why there are no values
    note: str = ""  # a wrong answer, for whoever looks into it


@dataclass(frozen=True, slots=True)
class Row:
    """One number of one scenario, for every server that has it."""

    scenario: str
    metric: Metric
    values: Mapping[str, float]  # by the server's name; medians of the runs
