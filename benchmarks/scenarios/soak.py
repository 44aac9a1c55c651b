"""64 clients for ten minutes: memory and processor time per operation stay as they are."""

import time
from statistics import median

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured
from benchmarks.scenarios.load import lock_cycles, lock_file_cycles, read_cycles, write_cycles
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.peer import Running
from benchmarks.wire.load import repeat

_PARTS = 20


def _measure(server: Running, settings: Settings) -> Measured:
    """Mix all loads; look at the server twenty times. Requests are signed anew for each part."""
    signer = server.signer
    memory: list[float] = []
    processor: list[float] = []
    cost: list[float] = []
    note = ""
    for _ in range(_PARTS):
        cycles = [
            *lock_cycles(signer, 16),
            *write_cycles(signer, 16),
            *read_cycles(signer, 16),
            *lock_file_cycles(signer, 16),
        ]
        before, loop = server.processor_seconds(), _fixed_loop()
        outcome = repeat(cycles, settings.soak_seconds / _PARTS)
        processor.append((server.processor_seconds() - before) / len(outcome.times) * 1e6)
        cost.append(processor[-1] / min(loop, _fixed_loop()) / 1000)
        memory.append(server.resident_mib())
        note = note or outcome.first_failure
    quarter = _PARTS // 4
    values = {
        metrics.EARLY_MEMORY: memory[quarter - 1],
        metrics.LATE_MEMORY: memory[-1],
        metrics.EARLY_CPU: median(processor[:quarter]),
        metrics.LATE_CPU: median(processor[-quarter:]),
        metrics.EARLY_COST: median(cost[:quarter]),
        metrics.LATE_COST: median(cost[-quarter:]),
    }
    return Measured(values, note=note)


def _fixed_loop() -> float:
    """Return the processor time of the same work every time, in seconds: machines change their pace."""
    times = []
    for _ in range(5):
        before = time.process_time()
        sum(len(f"key-{number}".partition("-")[2]) for number in range(100_000))
        times.append(time.process_time() - before)
    return min(times)


SCENARIOS = [
    Scenario(
        "soak", "Soak, 64 clients", _measure, fresh=True, once=True, only_ours=True, on_demand=True
    )
]
