"""Start-up, and memory before and after all other scenarios."""

import time

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.peer import Running

_IDLE = 2.0  # seconds


def _start(server: Running, _: Settings) -> Measured:
    """Look at a server that nobody has asked for anything yet."""
    time.sleep(_IDLE)
    return Measured({metrics.START: server.start_seconds, metrics.IDLE: server.resident_mib()})


def _after(server: Running, _: Settings) -> Measured:
    """Look at the server that all loads ran against."""
    return Measured({metrics.AFTER: server.resident_mib()})


FIRST = [Scenario("start", "Start", _start, fresh=True, bare=True)]
LAST = [Scenario("memory", "After all loads of one run", _after)]
