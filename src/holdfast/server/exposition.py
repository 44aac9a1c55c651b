"""The page of metrics for Prometheus.

prometheus_client is large, so this module is imported when somebody asks for the page.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from holdfast.server.metrics import BUCKETS, Metrics

_BOUNDS = (*map(str, BUCKETS), "+Inf")


def page(metrics: Metrics) -> bytes:
    """Return all metrics in Prometheus's text format, with those of the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Own(metrics))
    return generate_latest(registry)


class _Own(Collector):
    """What the server counts, as prometheus_client wants it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        metrics = self._metrics
        with metrics.lock:
            yield _counter(
                "holdfast_requests",
                "Requests answered.",
                ("service", "operation", "status", "error"),
                metrics.requests.items(),
            )
            yield _histogram(metrics)
            yield GaugeMetricFamily(
                "holdfast_requests_under_way", "Requests being answered.", metrics.under_way
            )
            yield _counter(
                "holdfast_housekeeping_work",
                "Things that housekeeping removed or renewed.",
                ("step",),
                (((step,), done) for step, done in metrics.housekeeping.items()),
            )
            yield _counter(
                "holdfast_housekeeping_failures",
                "Housekeeping steps that failed.",
                ("step",),
                (((step,), times) for step, times in metrics.housekeeping_failures.items()),
            )
            yield _counter(
                "holdfast_webhook_messages",
                "What became of messages to receivers of webhooks.",
                ("receiver", "outcome"),
                metrics.webhooks.items(),
            )


def _counter(
    name: str, text: str, labels: tuple[str, ...], counts: Iterable[tuple[tuple[str, ...], int]]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts:
        family.add_metric(values, count)
    return family


def _histogram(metrics: Metrics) -> Metric:
    family = HistogramMetricFamily(
        "holdfast_request_seconds",
        "Time from the head of a request to the end of its response.",
        labels=("service", "operation"),
    )
    for values, times in metrics.times.items():
        buckets = list(zip(_BOUNDS, accumulate(times.counts), strict=True))
        family.add_metric(values, buckets, times.seconds)
    return family
