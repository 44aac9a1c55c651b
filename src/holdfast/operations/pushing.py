"""Putting a state file into a backend, and taking a state out: what that would do, and doing it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holdfast.client import import_check, reading
from holdfast.client.backend import Backend
from holdfast.client.errors import (
    HoldfastError,
    WrittenMeanwhile,
)
from holdfast.client.locking import HeldLock
from holdfast.client.stored import StoredState
from holdfast.operations.versioning import keeps_versions_if_known
from holdfast.operations.with_leave import with_leave
from holdfast.terraform.changes import StateDiff
from holdfast.terraform.diff import diff_unless_encrypted
from holdfast.terraform.statefile import StateFile, parse_if_readable

if TYPE_CHECKING:
    from holdfast.client.stored import Written

PUSH = "push"  # what others read who wait for the lock
REMOVE = "rm"


@dataclass(frozen=True)
class PushPlan:
    """What pushing a file would do, as long as the lock is held."""

    body: bytes = field(repr=False)
    present: StoredState | None  # what is there now
    old: StateFile | None  # None if there is none, or it cannot be read
    new: StateFile | None  # None if it cannot be read
    change: StateDiff | None  # None if one of them is encrypted or cannot be read
    same: bool  # the very same state is there
    objection: HoldfastError | None  # why only `force` writes it


@dataclass(frozen=True)
class RemovalPlan:
    """What removing a state would do, as long as the lock is held."""

    present: StoredState | None  # None if only a digest is left
    state: StateFile | None  # None if it cannot be read
    versioned: bool | None  # whether the bucket keeps versions; None if that is not known

    @property
    def resources(self) -> int | None:
        """How many objects Terraform would forget; None if that is not known."""
        if self.state is None or self.state.format == "encrypted":
            return None
        return sum(1 for _ in self.state.managed)


def plan_push(backend: Backend, body: bytes) -> PushPlan:
    """Compare a file with what is in the backend.

    Args:
        backend: with the address of the state, whose lock is held.
        body: the file.

    Raises:
        HoldfastError: the backend cannot be read.
    """
    present = reading.present(backend.connection, backend.address)
    objection: HoldfastError | None = None
    same = False
    try:
        same = not import_check.check(backend.address, body, present.body if present else None)
    except HoldfastError as error:
        objection = error
    old = parse_if_readable(present.body) if present else StateFile("empty")
    new = parse_if_readable(body)
    change = diff_unless_encrypted(old, new) if old and new else None
    return PushPlan(body, present, old if present else None, new, change, same, objection)


def push(backend: Backend, plan: PushPlan, held: HeldLock, *, force: bool = False) -> "Written":
    """Write what was planned, and its digest.

    Raises:
        HoldfastError: the plan's objection, unless forced; or that it could not be written.
    """
    if plan.objection is not None and not force:
        raise plan.objection

    def write() -> "Written":
        return backend.write(plan.body, held=held, force=force)

    if not force:
        return write()
    return with_leave(backend.connection, backend.address, "holdfast push --force", write)


def plan_removal(backend: Backend) -> RemovalPlan:
    """Look at what would be removed.

    Args:
        backend: with the address of the state, whose lock is held.

    Raises:
        NoSuchState: there is no state, nor a digest of one.
    """
    present = reading.present(backend.connection, backend.address)
    if present is None and backend.digests.read(backend.address) is None:
        backend.read(settle=0)  # raises what there is to say
    state = parse_if_readable(present.body) if present else None
    return RemovalPlan(present, state, keeps_versions_if_known(backend))


def remove(backend: Backend, plan: RemovalPlan, held: HeldLock) -> str | None:
    """Delete the state and its digest; return the id of the version that brings it back.

    Raises:
        WrittenMeanwhile: somebody who does not lock wrote it after it was looked at.
    """
    present = reading.present(backend.connection, backend.address)
    seen = plan.present.etag if plan.present else None
    if (present.etag if present else None) != seen:
        raise WrittenMeanwhile(
            f"{backend.address.url} was written by somebody else after we had looked, although its "
            "lock is ours; nothing was removed",
            "Look at it again: holdfast show",
        )
    backend.delete(held=held)
    version = present.version_id if present else None
    return None if version in {None, "null"} else version
