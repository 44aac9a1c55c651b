"""Who is told what."""

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from holdfast.server.webhooks.events import USUAL


class Receiver(msgspec.Struct, frozen=True):
    """A place that events are sent to. Its address may hold a secret, so it is never shown."""

    url: str
    secret: bytes
    events: frozenset[str] = frozenset(USUAL)
    held_after: timedelta = timedelta(hours=1)  # a lock held longer than this is told of

    def __repr__(self) -> str:
        return f"Receiver({self.host!r}, ...)"

    @property
    def host(self) -> str:
        """Host and port, for logs and metrics."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def setting(self) -> str:
        """The name of the setting that keeps how far it was told."""
        return f"webhook-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"
