"""Counts and times for Prometheus. Labels name operations, never states, keys or callers."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """What one server counts, in a registry of its own."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "holdfast_requests",
            "Requests answered.",
            ("service", "operation", "status", "error"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "holdfast_request_seconds",
            "Time from the head of a request to the end of its response.",
            ("service", "operation"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "holdfast_requests_under_way", "Requests being answered.", registry=self.registry
        )
        self.housekeeping = Counter(
            "holdfast_housekeeping_work",
            "Things that housekeeping removed or renewed.",
            ("step",),
            registry=self.registry,
        )
        self.housekeeping_failures = Counter(
            "holdfast_housekeeping_failures",
            "Housekeeping steps that failed.",
            ("step",),
            registry=self.registry,
        )

    def observe(
        self, service: str, operation: str, status: int, error: str, seconds: float
    ) -> None:
        """Count one answered request.

        Args:
            service: s3, dynamodb, kms, sts or iam.
            operation: AWS's name, or "" when the request named none that exists.
            status: the HTTP status.
            error: AWS's error code, or "".
            seconds: how long it took.
        """
        name = operation or "unknown"
        self.requests.labels(service, name, str(status), error).inc()
        self.seconds.labels(service, name).observe(seconds)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)
