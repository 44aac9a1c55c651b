"""Medians, percentiles and ratios."""

import math
from collections.abc import Sequence
from statistics import median

from benchmarks.results.metrics import Metric


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of all values do not exceed.

    Raises:
        ValueError: There are no values, or the share is none.
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("a percentile needs values, and a share from 0 to 1")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def middle(values: Sequence[float]) -> float:
    """Return the median of several runs."""
    return float(median(values))


def advantage(metric: Metric, ours: float, theirs: float) -> float | None:
    """Return how many times better `ours` is than `theirs`; None where that says nothing."""
    if metric.better == "none":
        return None
    good, bad = (ours, theirs) if metric.better == "more" else (theirs, ours)
    if bad <= 0 or good < 0:
        return None
    return good / bad
