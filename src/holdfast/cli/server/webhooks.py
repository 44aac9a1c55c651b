"""The receivers of webhooks that the settings name."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast.cli.server.settings import ServerSettings
from holdfast.engine.port import Engine
from holdfast.server.metrics import Metrics

if TYPE_CHECKING:
    from holdfast.server.webhooks.follower import Follower


def followers(
    engine: Engine, settings: ServerSettings, clock: Callable[[], datetime], metrics: Metrics
) -> "tuple[Follower, ...]":
    """Return a thread for each receiver, to be started once the server serves."""
    if not settings.webhook_urls:
        return ()
    from holdfast.server.webhooks.follower import Follower
    from holdfast.server.webhooks.receiver import Receiver

    receivers = [
        Receiver(
            url,
            settings.webhook_secret.encode(),
            settings.webhook_events,
            timedelta(seconds=settings.webhook_lock_held_after),
        )
        for url in settings.webhook_urls
    ]
    return tuple(Follower(engine, each, clock, metrics.webhook) for each in receivers)
