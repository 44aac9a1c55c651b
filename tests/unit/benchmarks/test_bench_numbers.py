"""Percentiles, ratios, goals and the check against an earlier report."""

import dataclasses

import pytest
from benchmarks.results import metrics
from benchmarks.results.check import worse
from benchmarks.results.goals import Goal, judge
from benchmarks.results.metrics import Row
from benchmarks.results.numbers import advantage, middle, percentile
from benchmarks.results.report import Report

REPORT = Report(
    made="2026-01-01 00:00",
    how="one run",
    machine=["one"],
    peers={"ours": "1", "theirs": "2"},
    baseline="ours",
    titles={"lock": "Locks"},
    rows=[
        Row("lock", metrics.RATE, {"ours": 1000.0, "theirs": 100.0}),
        Row("lock", metrics.IDLE, {"ours": 40.0, "theirs": 80.0}),
    ],
)


def changed(rate: float, idle: float) -> Report:
    """Return the report with other numbers of ours."""
    rows = [
        Row("lock", metrics.RATE, {"ours": rate, "theirs": 100.0}),
        Row("lock", metrics.IDLE, {"ours": idle, "theirs": 80.0}),
    ]
    return dataclasses.replace(REPORT, rows=rows)


@pytest.mark.parametrize(
    ("share", "value"), [(0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_the_value_that_the_share_does_not_exceed(
    share: float, value: float
) -> None:
    """Of 1 to 100, the nearest rank."""
    assert percentile([float(number) for number in range(100, 0, -1)], share) == value


def test_a_percentile_needs_values() -> None:
    """There is none of nothing."""
    with pytest.raises(ValueError, match="values"):
        percentile([], 0.5)


def test_the_median_of_an_even_number_of_runs_lies_between_two() -> None:
    """As statistics has it."""
    assert middle([1.0, 9.0, 2.0, 4.0]) == 3.0


def test_more_is_better_for_rates_and_less_for_times() -> None:
    """An advantage above 1 is always good for the first."""
    assert advantage(metrics.RATE, 300.0, 100.0) == 3.0
    assert advantage(metrics.P50, 1.0, 4.0) == 4.0


def test_there_is_no_advantage_over_nothing() -> None:
    """Zero, and numbers that are neither good nor bad, have no ratio."""
    assert advantage(metrics.RATE, 300.0, 0.0) is None
    assert advantage(metrics.WINNERS, 64.0, 32.0) is None


def test_goals_have_limits_on_either_side_and_against_peers() -> None:
    """At least for rates and ratios, at most for sizes; unknown is neither met nor missed."""
    goals = [
        Goal("fast", "lock", metrics.RATE, 1001),
        Goal("small", "lock", metrics.IDLE, 42),
        Goal("ahead", "lock", metrics.RATE, 10, "theirs"),
        Goal("ahead in memory", "lock", metrics.IDLE, 2.1, "theirs"),
        Goal("unknown", "lock", metrics.P50, 1),
    ]

    verdicts = judge(REPORT.value, "ours", goals)

    assert [one.met for one in verdicts] == ["no", "yes", "yes", "no", "not measured"]


def test_the_check_passes_over_small_differences() -> None:
    """A third slower and a quarter larger is within the bounds."""
    assert worse(changed(rate=700.0, idle=50.0), REPORT, "ours") == []


def test_the_check_finds_a_collapse_of_the_ratio() -> None:
    """Less than half of the ratio to a peer is worse."""
    found = worse(changed(rate=400.0, idle=40.0), REPORT, "ours")

    assert found == ["lock: per second: 4.00 x theirs, was 10.00 x"]


def test_the_check_finds_what_has_grown() -> None:
    """Memory is compared as it is."""
    assert worse(changed(rate=1000.0, idle=60.0), REPORT, "ours") == [
        "lock: memory idle, MiB: 60.00, was 40.00"
    ]
