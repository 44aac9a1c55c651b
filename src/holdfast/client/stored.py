"""A state as it lies in a bucket, and what came of writing one."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from holdfast.client.errors import HoldfastError, NotAState
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict
from holdfast.terraform.statefile import Header, StateFile, UnreadableState, header, parse


@dataclass(frozen=True)
class StoredState:
    """A state that was read, with what its store says of it."""

    address: StateAddress
    body: bytes = field(repr=False)
    etag: str
    version_id: str | None  # None, or "null", where versions are not kept
    last_modified: datetime
    digest: Verdict  # what the lock table says of the newest version
    stored_digest: str | None = None
    digest_problem: HoldfastError | None = None  # why the table could not be asked

    @cached_property
    def state(self) -> StateFile:
        """The whole state.

        Raises:
            NotAState: it is none.
        """
        try:
            return parse(self.body)
        except UnreadableState as bad:
            raise not_a_state(self.address, bad) from bad

    @cached_property
    def header(self) -> Header:
        """Serial, lineage and counts: quicker than `state`.

        Raises:
            NotAState: it is none.
        """
        try:
            return header(self.body)
        except UnreadableState as bad:
            raise not_a_state(self.address, bad) from bad


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left behind."""

    address: StateAddress
    serial: int
    lineage: str
    etag: str
    version_id: str | None
    changed: bool  # False if the very same state was there, and nothing was written


def not_a_state(address: StateAddress, bad: UnreadableState) -> NotAState:
    """Return the error for bytes at an address that are no state."""
    return NotAState(
        f"{address.url} is not a readable Terraform state: {bad}",
        f"Look at its older versions: holdfast versions {address.object_key}",
    )
