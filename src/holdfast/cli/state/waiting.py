"""Waiting for a lock: the option that says how long, and what is said meanwhile."""

from typing import TYPE_CHECKING

import click

from holdfast.cli.output import note
from holdfast.cli.state.spans import span

if TYPE_CHECKING:
    from holdfast.client.locking import Waiting

_EVERY = 6  # attempts, of which one is told

lock_timeout_option = click.option(
    "--lock-timeout",
    metavar="TIME",
    default="0s",
    callback=span,
    help="How long to wait for somebody else's lock, such as 90s or 5m. Not at all by default.",
)


def tell_waiting(waiting: "Waiting") -> None:
    """Say whom a command waits for, at the first attempt and then now and then."""
    if waiting.attempts > 1 and waiting.attempts % _EVERY:
        return
    from holdfast.cli.colours import safe
    from holdfast.client.found_locks import describe

    note(f"Waiting for {safe(describe(waiting.holder))}; {waiting.left:.0f} s left.")
