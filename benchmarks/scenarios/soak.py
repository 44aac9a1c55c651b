"""64 clients for ten minutes: memory and processor time per operation stay as they are."""

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
    note = ""
    for _ in range(_PARTS):
        cycles = [
            *lock_cycles(signer, 16),
            *write_cycles(signer, 16),
            *read_cycles(signer, 16),
            *lock_file_cycles(signer, 16),
        ]
        before = server.processor_seconds()
        outcome = repeat(cycles, settings.soak_seconds / _PARTS)
        processor.append((server.processor_seconds() - before) / len(outcome.times) * 1e6)
        memory.append(server.resident_mib())
        note = note or outcome.first_failure
    quarter = _PARTS // 4
    values = {
        metrics.EARLY_MEMORY: memory[quarter - 1],
        metrics.LATE_MEMORY: memory[-1],
        metrics.EARLY_CPU: sum(processor[:quarter]) / quarter,
        metrics.LATE_CPU: sum(processor[-quarter:]) / quarter,
    }
    return Measured(values, note=note)


SCENARIOS = [
    Scenario(
        "soak", "Soak, 64 clients", _measure, fresh=True, once=True, only_ours=True, on_demand=True
    )
]
