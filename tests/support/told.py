"""A journal, a receiver of webhooks, and the threads that tell it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from holdfast.server.webhooks.follower import Follower
from holdfast.server.webhooks.receiver import Receiver
from journals import NOON, Journal
from webhook_receiver import WebhookReceiver


@dataclass
class Told:
    """A journal, a receiver, and the threads that tell it."""

    journal: Journal
    receiver: WebhookReceiver
    now: datetime = NOON
    counted: Counter[str] = field(default_factory=Counter)
    _running: list[Follower] = field(default_factory=list)

    def start(self, **options: Any) -> Follower:
        """Start a thread that tells the receiver."""
        events = frozenset(options.pop("events", ("lock-forced", "state-written", "lock-held")))
        receiver = Receiver(f"{self.receiver.url}/hook?a=b", b"a shared secret!", events, **options)
        made = Follower(
            self.journal.engine, receiver, lambda: self.now, lambda _, what: self.count(what)
        )
        made.start()
        self._running.append(made)
        return made

    def count(self, what: str) -> None:
        """Count an outcome."""
        self.counted[what] += 1

    def pass_time(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def stop(self) -> None:
        """Stop all threads."""
        self.receiver.released.set()
        for each in self._running:
            each.stop()
        self._running.clear()
