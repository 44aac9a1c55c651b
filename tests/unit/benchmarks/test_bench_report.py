"""The report shows numbers, ratios and reasons, and can be read again."""

from pathlib import Path

from benchmarks.results import metrics, report
from benchmarks.results.goals import Verdict
from benchmarks.results.machine import filesystem
from benchmarks.results.metrics import Row
from benchmarks.results.report import Report
from benchmarks.servers.usage import disk_bytes, processor_seconds, resident_mib, ticks_of

REPORT = Report(
    made="2026-01-01 00:00",
    how="3 runs",
    machine=["2 processors"],
    peers={"ours": "1", "theirs": "2", "absent": "3"},
    baseline="ours",
    titles={"lock": "Locks", "silent": "Nothing"},
    rows=[
        Row("lock", metrics.RATE, {"ours": 1234.4, "theirs": 617.2}),
        Row("lock", metrics.SYNCS, {"ours": 2.0, "theirs": 0.0}),
    ],
    reasons={"lock": {"absent": "holds no locks"}},
    notes=["lock, theirs: status 500"],
)


def test_a_row_holds_values_and_ratios_to_the_baseline() -> None:
    """The baseline has no ratio to itself, and a number that is neither good nor bad has none."""
    page = report.page(REPORT, [])

    assert "| per second | 1,234 | 617 (2.00 x) | – |" in page  # noqa: RUF001 - a dash
    assert "| fsyncs per operation | 2.00 | 0.00 | – |" in page  # noqa: RUF001 - a dash


def test_a_reason_stands_where_there_is_no_number() -> None:
    """A peer that cannot do it gets a dash, and a sentence below."""
    assert "- absent: holds no locks" in report.page(REPORT, [])


def test_a_scenario_that_did_not_run_is_not_shown() -> None:
    """No empty tables."""
    assert "Nothing" not in report.page(REPORT, [])


def test_wrong_answers_and_goals_are_shown() -> None:
    """Nothing that went wrong is hidden."""
    page = report.page(REPORT, [Verdict("be fast", "1,234", "yes")])

    assert "| be fast | 1,234 | yes |" in page
    assert "- lock, theirs: status 500" in page


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The check compares with the same numbers."""
    report.write(REPORT, tmp_path, [])

    again = report.read(tmp_path)

    assert again.rows == REPORT.rows
    assert again.value("lock", metrics.RATE, "theirs") == 617.2


def test_processor_time_is_read_behind_a_name_with_brackets() -> None:
    """The name of a process may hold spaces and brackets."""
    stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 9 9 20 0 1 0 1000"

    assert ticks_of(stat) == 200


def test_children_count_too(tmp_path: Path) -> None:
    """Memory and processor time are those of a process and all below it."""
    for pid, children in ((7, "8 "), (8, "")):
        task = tmp_path / str(pid) / "task" / str(pid)
        task.mkdir(parents=True)
        (task / "children").write_text(children)
        (tmp_path / str(pid) / "status").write_text("Name:\tx\nVmRSS:\t  2048 kB\n")
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (x) S" + " 0" * 10 + " 100 0 0 0")

    assert resident_mib([7], tmp_path) == 4.0
    assert processor_seconds([7], tmp_path) == 2 * processor_seconds([8], tmp_path) > 0


def test_disk_use_is_what_is_allocated(tmp_path: Path) -> None:
    """A file with a hole takes less than its length."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100 << 20)

    assert disk_bytes([tmp_path]) < 1 << 20


def test_the_file_system_is_the_innermost_mount() -> None:
    """Of all mounts above a folder, the nearest holds it."""
    mounts = ["/dev/a / ext4 rw 0 0", "tmpfs /run tmpfs rw 0 0", "/dev/b /runfile xfs rw 0 0"]

    assert filesystem(Path("/run/x"), mounts) == "tmpfs"
    assert filesystem(Path("/runner"), mounts) == "ext4"
