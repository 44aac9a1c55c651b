"""What the services say of one configuration: its states, their locks, our rights, the bucket."""

import re
from dataclasses import dataclass

from holdfast.client import reading
from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.client.found_locks import describe
from holdfast.operations.locks import StateLock, lock_of
from holdfast.operations.migrate_locks import bucket
from holdfast.operations.migrate_locks.rights import Rights, try_lock_file
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict

_VERSION = re.compile(r"(\d+)\.(\d+)\.", re.ASCII)
_FIRST_WITH_LOCK_FILES = (1, 10)  # of Terraform and of OpenTofu


@dataclass(frozen=True, slots=True)
class StateFacts:
    """One state of a configuration: a workspace of its key."""

    address: StateAddress
    exists: bool
    lock: StateLock | None = None
    digest: Verdict = Verdict.MISSING
    terraform_version: str = ""

    @property
    def is_too_old(self) -> bool:
        """Whether the state was last written by a version that knows no lock files."""
        found = _VERSION.match(self.terraform_version)
        return found is not None and (int(found[1]), int(found[2])) < _FIRST_WITH_LOCK_FILES


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a configuration once the services were asked."""

    states: tuple[StateFacts, ...] = ()
    rights: tuple[Rights, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def locked(self) -> tuple[StateFacts, ...]:
        """The states that are locked now."""
        return tuple(state for state in self.states if state.lock)

    def problems(self) -> list[str]:
        """Return what stands against the migration."""
        found = [
            f"{state.address.url} is locked by {describe(state.lock.info)}"
            for state in self.states
            if state.lock
        ]
        for tried in self.rights:
            if tried.problem:
                found.append(str(tried.problem))
            if tried.left_behind:
                found.append(
                    "the lock file of this test is still there; remove it with a profile that may: "
                    f"aws s3 rm s3://{tried.address.bucket}/{tried.address.lock_file_key}"
                )
        return found

    def warnings(self) -> list[str]:
        """Return what should be known before the migration."""
        found = list(self.hints)
        found += [
            f"{state.address.url} was last written by {state.terraform_version}; lock files need "
            "Terraform or OpenTofu 1.10 everywhere"
            for state in self.states
            if state.is_too_old
        ]
        found += [
            f"{state.address.url} has a wrong digest, so Terraform cannot read it: "
            f"holdfast doctor {state.address.object_key}"
            for state in self.states
            if state.digest in (Verdict.DIFFERS, Verdict.ORPHAN)
        ]
        return found


def states_of(backend: Backend) -> tuple[StateFacts, ...]:
    """Return the states of a backend's key: of the default workspace, and of all others that exist.

    Raises:
        HoldfastError: the bucket or the table cannot be read.
    """
    return tuple(_state(backend, name) for name in backend.workspaces())


def examine(backend: Backend, *, probe: bool) -> Facts:
    """Ask the services about one configuration.

    Args:
        backend: the backend, as it locks now.
        probe: whether to try our rights on lock files; states that are locked are left out.

    Raises:
        HoldfastError: the bucket or the table cannot be read.
    """
    states = states_of(backend)
    tried: list[Rights] = []
    if probe:
        tried = [
            try_lock_file(backend.connection, state.address)
            for state in states
            if not state.lock and (state.exists or len(states) == 1)
        ]
    found = bucket.hints(backend.connection, [state.address for state in states])
    return Facts(states, tuple(tried), tuple(found))


def _state(backend: Backend, workspace: str) -> StateFacts:
    address = backend.address.in_workspace(workspace)
    lock = lock_of(backend.connection, address)
    stored = reading.present(backend.connection, address)
    if stored is None:
        return StateFacts(address, False, lock)
    try:
        version = stored.header.terraform_version
    except HoldfastError:
        version = ""
    return StateFacts(address, True, lock, stored.digest, version)
