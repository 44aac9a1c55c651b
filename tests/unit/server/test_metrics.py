"""What the page of metrics says of what was counted."""

import subprocess
import sys

from holdfast.server.exposition import page
from holdfast.server.metrics import Metrics


def _lines(metrics: Metrics) -> list[str]:
    return page(metrics).decode().splitlines()


def test_requests_are_counted_by_service_operation_status_and_error() -> None:
    """Equal answers are one line with their number; a request for nothing is `unknown`."""
    metrics = Metrics()
    metrics.observe("s3", "PutObject", 200, "", 0.002)
    metrics.observe("s3", "PutObject", 200, "", 0.002)
    metrics.observe("kms", "", 400, "Unknown", 0.002)
    counted = [line for line in _lines(metrics) if line.startswith("holdfast_requests_total")]
    assert counted == [
        'holdfast_requests_total{error="",operation="PutObject",service="s3",status="200"} 2.0',
        'holdfast_requests_total{error="Unknown",operation="unknown",service="kms",status="400"} 1.0',
    ]


def test_all_answers_are_counted_together() -> None:
    """Whatever was asked, and whether it was refused."""
    metrics = Metrics()
    assert metrics.answered() == 0
    for status in (200, 200, 404):
        metrics.observe("s3", "GetObject", status, "", 0.002)
    assert metrics.answered() == 3


def test_each_bucket_of_times_counts_all_that_were_no_slower() -> None:
    """A time on a bound belongs to its bucket; one above all bounds only to the last."""
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.3, 60.0):
        metrics.observe("s3", "GetObject", 200, "", seconds)
    labels = 'operation="GetObject",service="s3"'
    lines = _lines(metrics)
    for bound, count in (("0.001", 2), ("0.25", 2), ("0.5", 3), ("30.0", 3), ("+Inf", 4)):
        wanted = f'holdfast_request_seconds_bucket{{le="{bound}",{labels}}} {count}.0'
        assert wanted in lines, wanted
    assert f"holdfast_request_seconds_count{{{labels}}} 4.0" in lines
    assert f"holdfast_request_seconds_sum{{{labels}}} 60.3015" in lines


def test_work_under_way_and_of_housekeeping_is_told() -> None:
    """The gauge and both counters of housekeeping are on the page."""
    metrics = Metrics()
    metrics.under_way = 3
    metrics.housekeeping_worked("sessions", 5)
    metrics.housekeeping_failed("uploads")
    lines = _lines(metrics)
    assert "holdfast_requests_under_way 3.0" in lines
    assert 'holdfast_housekeeping_work_total{step="sessions"} 5.0' in lines
    assert 'holdfast_housekeeping_failures_total{step="uploads"} 1.0' in lines


def test_the_process_is_on_the_page() -> None:
    """Memory, processor time and Python's version stand beside what the server counts."""
    names = {line.partition("{")[0].partition(" ")[0] for line in _lines(Metrics())}
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total", "python_info"} <= names


def test_counting_needs_no_prometheus_client() -> None:
    """The large library is not imported before somebody asks for the page."""
    program = (
        "import sys, holdfast.server.edge, holdfast.server.health\n"
        "sys.exit('prometheus_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_messages_of_webhooks_are_told_by_receiver_and_outcome() -> None:
    """A receiver is named by its host."""
    metrics = Metrics()
    metrics.webhook("hooks.example.com", "delivered")
    metrics.webhook("hooks.example.com", "delivered")
    metrics.webhook("hooks.example.com", "dropped")
    counted = [line for line in _lines(metrics) if line.startswith("holdfast_webhook_messages_t")]
    assert counted == [
        'holdfast_webhook_messages_total{outcome="delivered",receiver="hooks.example.com"} 2.0',
        'holdfast_webhook_messages_total{outcome="dropped",receiver="hooks.example.com"} 1.0',
    ]
