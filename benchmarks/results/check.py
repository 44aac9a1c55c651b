"""Whether a run is as good as the committed report, as far as two machines can be compared.

Speeds are compared as ratios to each peer, which ran on the same machine; memory, disk and syncs
as they are. The bounds are generous: they find what broke, not what the weather did.
"""

from benchmarks.results.metrics import Metric
from benchmarks.results.numbers import advantage
from benchmarks.results.report import Report

SPEED = 0.5  # of the ratio in the committed report, at least
SIZE = 1.3  # times the number in the committed report, at most
_TAILS = ("p99, ms",)  # too unsteady to be compared in a short run


def worse(now: Report, before: Report, ours: str) -> list[str]:
    """Return a sentence for each number that is beyond its bound; none if all is well."""
    return [
        sentence
        for row in before.rows
        if row.metric.name not in _TAILS
        for sentence in _compared(now, before, row.scenario, row.metric, ours)
    ]


def _compared(now: Report, before: Report, scenario: str, metric: Metric, ours: str) -> list[str]:
    new, old = now.value(scenario, metric, ours), before.value(scenario, metric, ours)
    if new is None or old is None:
        return []
    if metric.steady:
        if new <= old * SIZE or new - old < 0.05:
            return []
        return [f"{scenario}: {metric.name}: {new:.2f}, was {old:.2f}"]
    found = []
    for peer in before.peers:
        ratios = [_ratio(report, scenario, metric, ours, peer) for report in (now, before)]
        if peer == ours or ratios[0] is None or ratios[1] is None:
            continue
        if ratios[0] < ratios[1] * SPEED:
            said = f"{ratios[0]:.2f} x {peer}, was {ratios[1]:.2f} x"
            found.append(f"{scenario}: {metric.name}: {said}")
    return found


def _ratio(report: Report, scenario: str, metric: Metric, ours: str, peer: str) -> float | None:
    mine, theirs = report.value(scenario, metric, ours), report.value(scenario, metric, peer)
    return None if mine is None or theirs is None else advantage(metric, mine, theirs)
