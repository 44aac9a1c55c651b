"""Counts and times. Labels name operations, never states, keys or callers."""

from bisect import bisect_left
from collections import Counter, defaultdict
from threading import Lock

# Seconds: an answer that took no longer counts into a bucket; the last one is for all others.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Times:
    """How long answers took."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        """Begin at zero."""
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0  # all together


class Metrics:
    """What one server counts. Whoever reads it holds `lock`."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.lock = Lock()
        self.under_way = 0  # requests being answered
        # by service, operation, status and error
        self.requests: Counter[tuple[str, str, str, str]] = Counter()
        # by service and operation
        self.times: defaultdict[tuple[str, str], Times] = defaultdict(Times)
        self.housekeeping: Counter[str] = Counter()  # by step: things removed or renewed
        self.housekeeping_failures: Counter[str] = Counter()  # by step
        self.webhooks: Counter[tuple[str, str]] = Counter()  # by receiver and outcome

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
        with self.lock:
            self.requests[service, name, str(status), error] += 1
            times = self.times[service, name]
            times.counts[bisect_left(BUCKETS, seconds)] += 1
            times.seconds += seconds

    def answered(self) -> int:
        """Return how many requests were answered."""
        with self.lock:
            return sum(self.requests.values())

    def housekeeping_worked(self, step: str, done: int) -> None:
        """Count what a step of housekeeping removed or renewed."""
        with self.lock:
            self.housekeeping[step] += done

    def housekeeping_failed(self, step: str) -> None:
        """Count a step of housekeeping that failed."""
        with self.lock:
            self.housekeeping_failures[step] += 1

    def webhook(self, receiver: str, outcome: str) -> None:
        """Count what became of a message to a receiver of webhooks.

        Args:
            receiver: its host.
            outcome: delivered, retried, failed or dropped.
        """
        with self.lock:
            self.webhooks[receiver, outcome] += 1
