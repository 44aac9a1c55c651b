"""Sending a message until it is taken: again and again, up to a bound."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

import holdfast
from holdfast.server.webhooks.delivery import post
from holdfast.server.webhooks.message import Message
from holdfast.server.webhooks.receiver import Receiver
from holdfast.server.webhooks.signing import HEADER, signature

log = logging.getLogger("holdfast.webhooks")

DELAYS = (1.0, 4.0, 15.0, 60.0, 240.0)  # seconds before each further attempt

Count = Callable[[str, str], None]
"""Is told a receiver's host, and what became of a message: delivered, retried, failed, dropped."""


class Stopping(Exception):
    """The server stops: what is under way is done after the next start."""


class Sender:
    """Sends messages to one receiver."""

    def __init__(
        self,
        receiver: Receiver,
        clock: Callable[[], datetime],
        count: Count,
        stopping: threading.Event,
    ) -> None:
        """Send to this receiver, until the server stops."""
        self._receiver = receiver
        self._clock = clock
        self._count = count
        self._stopping = stopping

    def send(self, told: Message) -> bool:
        """Send a message; say whether it was taken, or given up.

        Raises:
            Stopping: the server stops before it was taken.
        """
        host = self._receiver.host
        for delay in (*DELAYS, None):
            problem = post(self._receiver.url, self._headers(told), told.body)
            if not problem:
                self._count(host, "delivered")
                return True
            if delay is None:
                break
            self._count(host, "retried")
            log.info("%s did not take %s %s: %s", host, told.event, told.id, problem)
            if self._stopping.wait(delay):
                raise Stopping
        self._count(host, "failed")
        log.warning("%s did not take %s %s, given up: %s", host, told.event, told.id, problem)
        return False

    def _headers(self, told: Message) -> dict[str, str]:
        now = int(self._clock().timestamp())
        return {
            "Content-Type": "application/json",
            "User-Agent": f"holdfast/{holdfast.__version__}",
            "Holdfast-Event": told.event,
            "Holdfast-Delivery": told.id,
            HEADER: signature(self._receiver.secret, now, told.body),
        }
