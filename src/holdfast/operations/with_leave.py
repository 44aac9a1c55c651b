"""Writing what a user has chosen knowingly although a rule of a Holdfast server refuses it."""

from collections.abc import Callable
from typing import TypeVar

from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied, RefusedByRule
from holdfast.operations.overrides import grant
from holdfast.terraform.address import StateAddress

_Made = TypeVar("_Made")
# That a session lost its lock, or another holds it, nobody has chosen.
_CHOSEN = frozenset({"fence.lineage", "fence.emptied"})


def with_leave(
    connection: Connection, address: StateAddress, reason: str, write: Callable[[], _Made]
) -> _Made:
    """Write; what a rule refuses for what it is gets leave, and is written again.

    Args:
        connection: to the state's server.
        address: of the state.
        reason: what the leave is for; it is journaled.
        write: writes it.

    Raises:
        RefusedByRule: leave cannot be given, or helps nothing.
    """
    try:
        return write()
    except RefusedByRule as refused:
        if refused.rule not in _CHOSEN:
            raise
        try:
            grant(connection, address.bucket, address.object_key, reason)
        except AccessDenied as denied:
            refused.add_note(f"Leave was asked for, and {denied.happened}.")
            raise refused from denied
        return write()
