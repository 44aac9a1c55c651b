"""What was measured, as a page for readers and as a document for the check."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results.goals import Verdict
from benchmarks.results.metrics import Metric, Row
from benchmarks.results.numbers import advantage

PAGE, DOCUMENT = "REPORT.md", "report.json"


@dataclass(frozen=True, slots=True)
class Report:
    """One whole comparison."""

    made: str  # when, in UTC
    how: str  # the settings
    machine: Sequence[str]
    peers: Mapping[str, str]  # name to version and what it does with a write
    baseline: str  # the peer that the ratios are against
    titles: Mapping[str, str]  # of the scenarios
    rows: Sequence[Row]
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # scenario, peer
    notes: Sequence[str] = ()

    def value(self, scenario: str, metric: Metric, peer: str) -> float | None:
        """Return one number, if it was measured."""
        for row in self.rows:
            if (row.scenario, row.metric) == (scenario, metric):
                return row.values.get(peer)
        return None


def write(report: Report, folder: Path, verdicts: Sequence[Verdict]) -> None:
    """Write the page and the document."""
    (folder / PAGE).write_text(page(report, verdicts))
    (folder / DOCUMENT).write_text(json.dumps(asdict(report), indent=1) + "\n")


def read(folder: Path) -> Report:
    """Read the document again.

    Raises:
        FileNotFoundError: There is none.
    """
    document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text())
    rows = [
        Row(row["scenario"], Metric(**row["metric"]), row["values"]) for row in document["rows"]
    ]
    return Report(**{**document, "rows": rows})


def page(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the page."""
    lines = [
        "# Benchmark",
        "",
        f"Made by `make bench` on {report.made}: {report.how}.",
        "",
        "Load and servers share the machine. Values are medians of the runs. In brackets: how many",
        f"times better `{report.baseline}` is than the server of the column; below 1 it is worse.",
        "",
        "## Machine",
        "",
        *(f"- {sentence}" for sentence in report.machine),
        "",
        "## Servers",
        "",
        *(f"- **{name}**: {what}" for name, what in report.peers.items()),
    ]
    if verdicts:
        lines += ["", "## Goals", "", "| goal | measured | met |", "|---|---|---|"]
        lines += [f"| {one.goal} | {one.measured} | {one.met} |" for one in verdicts]
    for scenario, title in report.titles.items():
        lines += _section(report, scenario, title)
    if report.notes:
        lines += ["", "## Wrong answers", "", *(f"- {note}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def _section(report: Report, scenario: str, title: str) -> list[str]:
    rows = [row for row in report.rows if row.scenario == scenario]
    reasons = report.reasons.get(scenario, {})
    peers = [
        name for name in report.peers if name in reasons or any(name in r.values for r in rows)
    ]
    if not peers:
        return []
    lines = ["", f"## {title}", ""]
    if rows:
        lines += [f"| | {' | '.join(peers)} |", "|---" * (len(peers) + 1) + "|"]
        lines += [_line(report, row, peers) for row in rows]
    if reasons:
        lines += ["", *(f"- {name}: {why}" for name, why in reasons.items())]
    return lines


def _line(report: Report, row: Row, peers: Sequence[str]) -> str:
    base = row.values.get(report.baseline)
    cells = []
    for name in peers:
        value = row.values.get(name)
        if value is None:
            cells.append("–")  # noqa: RUF001 - a dash in a table
            continue
        text = f"{value:,.{row.metric.digits}f}"
        ratio = None if base is None else advantage(row.metric, base, value)
        if ratio is not None and name != report.baseline:
            text += f" ({ratio:.2f} x)"
        cells.append(text)
    return f"| {row.metric.name} | {' | '.join(cells)} |"
