"""A state of 50 MB, in and out."""

import os
import time
from statistics import median

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured
from benchmarks.scenarios.places import BUCKET
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers import usage
from benchmarks.servers.peer import Running
from benchmarks.wire.load import must
from benchmarks.wire.requests import Request

_BYTES = 50_000_000
_TIMES = 3


def _measure(server: Running, settings: Settings) -> Measured:
    """Write and read it a few times; the server is a fresh one, so its memory is all its own."""
    body = os.urandom(_BYTES)
    idle = server.resident_mib()
    usage.forget_peak(server.pids)
    put = server.signer.put(BUCKET, "big", body)
    get = server.signer.s3("GET", f"/{BUCKET}/big", length=_BYTES)
    into = median(_seconds(put, settings.fill_seconds) for _ in range(_TIMES))
    out = median(_seconds(get, settings.fill_seconds) for _ in range(_TIMES))
    grown = usage.peak_mib(server.pids) - idle
    return Measured(
        {
            metrics.IN: _BYTES / into / 1e6,
            metrics.OUT: _BYTES / out / 1e6,
            metrics.GROWN: grown,
        }
    )


def _seconds(request: Request, most: float) -> float:
    before = time.perf_counter()
    must(request, most)
    return time.perf_counter() - before


SCENARIOS = [Scenario("big-state", "50 MB state", _measure, fresh=True)]
