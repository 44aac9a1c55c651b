"""What a scenario is, and what it may know."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.results.metrics import Measured
from benchmarks.servers.peer import Running


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is done."""

    seconds: float  # of load per server, scenario and run
    fill_seconds: float  # that a server has to take in what a scenario needs before
    versions: int  # of one state
    keys: int  # in the list
    states: int  # in the large store
    depth: int  # versions of one state in the large store
    settle_seconds: float  # for packing to end
    soak_seconds: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A measurement of two servers, which both are fresh."""

    measure: Callable[[Running, Running, Settings], Measured]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing to measure."""

    name: str  # chosen with --only
    title: str  # in the report
    measure: Callable[[Running, Settings], Measured] | Pair
    fresh: bool = False  # it wants a server of its own, with nothing in it
    bare: bool = False  # it wants no bucket and no table
    traced: bool = False  # the server runs under strace
    once: bool = False  # in the first run only: it takes long and varies little
    only_ours: bool = False
    on_demand: bool = False  # only if it is named
