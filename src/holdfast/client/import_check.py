"""Whether a state may take the place of another: by lineage and serial, as `terraform state push` asks.

Source: CheckValidImport in Terraform's `internal/states/statemgr/migrate.go`. Beyond it this refuses
what a broken pipe or a slip of an editor leaves of a state: no bytes, no lineage, half a state.
"""

import json

from holdfast.client.errors import ForeignLineage, NotAState, StaleSerial
from holdfast.terraform.address import StateAddress
from holdfast.terraform.statefile import Header, UnreadableState, header, parse


def check(address: StateAddress, body: bytes, existing: bytes | None) -> bool:
    """Check a state that is to be written over another one.

    Args:
        address: where.
        body: the new state.
        existing: the present one; None if there is none.

    Returns:
        Whether there is something to write: False if the very same state is there.

    Raises:
        NotAState: one of the two cannot be read, or the new one has no bytes or no lineage.
        ForeignLineage: they are not of one lineage, or only the present one says its own.
        StaleSerial: the present one has a higher serial, or the same one and other content.
    """
    new = _whole(address, body)
    if not existing:
        if not new.lineage and new.format != "encrypted":
            raise NotAState(
                f"the state to be written to {address.url} says no lineage",
                "Terraform gives every state one. Only --force writes it without.",
            )
        return True
    old = readable(address, existing, "the state at")
    if body == existing:
        return False
    if old.lineage and not new.lineage:
        raise ForeignLineage(
            f"{address.url} holds a state of lineage {old.lineage}, and the new one says none",
            "Put the lineage back into the file. If it is meant to be replaced, say so with --force.",
        )
    if _is_empty(old) or not new.lineage or not old.lineage:
        return True
    if new.lineage != old.lineage:
        raise ForeignLineage(
            f"{address.url} holds a state of lineage {old.lineage}, and the new one is of "
            f"{new.lineage}: they do not belong to the same infrastructure",
            "Check the key and the workspace. If it is meant to be replaced, say so with --force.",
        )
    if new.serial < old.serial:
        raise StaleSerial(
            f"{address.url} has serial {old.serial}, and the new state is older: serial {new.serial}",
            "Pull the present one and begin from it. To go back to an older state: holdfast restore",
        )
    if new.serial == old.serial and not _same_content(body, existing):
        raise StaleSerial(
            f"{address.url} already has another state with serial {old.serial}",
            "Pull the present one and begin from it, or give the new one a higher serial.",
        )
    return new.serial > old.serial


def _whole(address: StateAddress, body: bytes) -> Header:
    """Return the header of the state to be written, which has to be readable to its end.

    Raises:
        NotAState: it is not, or has no bytes.
    """
    which = "the state to be written to"
    found = readable(address, body, which)
    if found.format == "empty":
        raise NotAState(
            f"{which} {address.url} has no bytes",
            "If it came through a pipe, the command before has failed. Only --force writes it.",
        )
    try:
        parse(body)
    except UnreadableState as bad:
        raise _unreadable(address, which, bad) from bad
    return found


def readable(address: StateAddress, body: bytes, which: str) -> Header:
    """Return the header of a state.

    Raises:
        NotAState: the bytes are no state.
    """
    try:
        found = header(body)
    except UnreadableState as bad:
        raise _unreadable(address, which, bad) from bad
    return found


def _unreadable(address: StateAddress, which: str, bad: UnreadableState) -> NotAState:
    return NotAState(
        f"{which} {address.url} is not a readable Terraform state: {bad}",
        "Only --force writes what cannot be read, or over it.",
    )


def _is_empty(state: Header) -> bool:
    """Say whether a state holds nothing; of an encrypted one that is not known."""
    return state.format != "encrypted" and not state.resources and not state.outputs


def _same_content(body: bytes, existing: bytes) -> bool:
    """Say whether two states differ only in how they are written and by which version."""
    try:
        one, other = json.loads(body), json.loads(existing)
    except (ValueError, RecursionError):
        return False
    for state in (one, other):
        state.pop("terraform_version", None)
    return bool(one == other)
