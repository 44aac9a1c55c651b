"""Bringing a state home that Terraform could not store: `errored.tfstate`, after a lost apply.

Such a file holds what was really made. It is pushed under the lock that the lost apply left, if it left
one, so that nobody gets in between; then the digest is mended and that lock released. Doing it twice
does no harm.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import uuid4

from holdfast.client import reading
from holdfast.client.backend import Backend
from holdfast.client.errors import (
    DigestNotWritten,
    ForeignLineage,
    HoldfastError,
    NoSuchState,
    NotAState,
    StaleSerial,
    WrittenMeanwhile,
)
from holdfast.client.locking import HeldLock, OnWait
from holdfast.client.stored import StoredState, Written
from holdfast.operations.left_lock import same_run, taken_over
from holdfast.operations.locks import StateLock, lock_of
from holdfast.terraform.address import StateAddress
from holdfast.terraform.changes import StateDiff
from holdfast.terraform.diff import diff_unless_encrypted
from holdfast.terraform.digest import Verdict, digest_of
from holdfast.terraform.statefile import (
    Header,
    StateFile,
    UnreadableState,
    header,
    parse,
    with_serial,
)

OPERATION = "rescue"


class Standing(Enum):
    """How the file stands to the backend."""

    TO_PUSH = "to push"  # it follows what is stored
    STORED = "stored"  # it is what is stored
    SUPERSEDED = "superseded"  # it was stored once, and newer states followed


@dataclass(frozen=True, slots=True)
class Lost:
    """The file: a state that was not stored."""

    path: Path
    body: bytes = field(repr=False)
    header: Header
    written: datetime

    @property
    def state(self) -> StateFile:
        """What it holds."""
        return parse(self.body)


@dataclass(frozen=True)
class Rescue:
    """What a rescue would do. Nothing is changed yet."""

    address: StateAddress
    lost: Lost
    stored: StoredState | None  # None if there is no state
    standing: Standing
    body: bytes = field(repr=False)  # what will be written
    lock: StateLock | None  # the lock that is held now
    same_run: bool  # whether that lock looks like the lost apply's
    evidence: tuple[str, ...] = ()  # why it does, or does not
    change: StateDiff | None = (
        None  # from the stored state to the file's; None if one is not readable
    )
    serial: int | None = None  # that it is written with
    forced: bool = False

    @property
    def digest_wrong(self) -> bool:
        """Whether Terraform refuses the stored state, or would not check it."""
        return self.stored is not None and self.stored.digest in {
            Verdict.DIFFERS,
            Verdict.ORPHAN,
        }

    @property
    def nothing_to_do(self) -> bool:
        """Whether all was done before."""
        return self.standing is not Standing.TO_PUSH and not self.digest_wrong and not self.lock


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came of it."""

    plan: Rescue
    written: Written | None  # None if nothing had to be written
    digest_mended: bool
    released: tuple[str, ...]  # the places from which the lost apply's lock was removed


def load(path: Path) -> Lost:
    """Read a state that Terraform left in a file.

    Raises:
        NoSuchState: there is no such file.
        NotAState: it is none.
    """
    try:
        body = path.read_bytes()
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise NoSuchState(
            f"{path} cannot be read ({error.strerror})",
            "Terraform writes errored.tfstate into the directory in which the apply ran.",
        ) from error
    try:
        said = header(body)
        parse(body)
    except UnreadableState as bad:
        raise NotAState(f"{path} is not a readable state: {bad}") from bad
    if said.format == "empty":
        raise NotAState(f"{path} has no bytes", "There is nothing in it to rescue.")
    return Lost(path, body, said, written)


def prepare(backend: Backend, lost: Lost, *, force: bool = False) -> Rescue:
    """Compare the file with what is stored, and look for the lock that its apply left.

    Args:
        backend: the backend of the directory in which the apply ran.
        lost: the file.
        force: push it even over a state that others wrote since, under the next serial.

    Raises:
        ForeignLineage: the file is of other infrastructure.
        StaleSerial: others wrote since the apply began.
    """
    address = backend.address
    stored = reading.present(backend.connection, address)
    standing, body = _standing(backend, lost, stored, force=force)
    lock = lock_of(backend.connection, address)
    same, evidence = same_run(lock, lost.written, lost.path.name)
    return Rescue(
        address=address,
        lost=lost,
        stored=stored,
        standing=standing,
        body=body,
        lock=lock,
        same_run=same,
        evidence=evidence,
        change=_change(stored, lost),
        serial=header(body).serial,
        forced=force and standing is Standing.TO_PUSH,
    )


def rescue(
    backend: Backend,
    plan: Rescue,
    *,
    take_over: bool,
    timeout: float = 0.0,
    on_wait: OnWait | None = None,
) -> Rescued:
    """Do what `prepare` showed, unless something was written since.

    Args:
        backend: the same backend.
        plan: what `prepare` returned.
        take_over: use the lock that was found, and release it at the end.
        timeout: seconds to wait for the lock, if it is not taken over.
        on_wait: told who is waited for.

    Raises:
        LockHeld: a lock is held, and not to be taken over; or another one than was shown.
        WrittenMeanwhile: the state is not the one any more that was shown.
    """
    with _lock(backend, plan, take_over=take_over, timeout=timeout, on_wait=on_wait) as held:
        _check_unchanged(backend, plan)
        written = None
        if plan.standing is Standing.TO_PUSH:
            written = backend.write(plan.body, held=held, force=plan.forced)
        elif plan.digest_wrong:
            _mend_digest(backend, plan)
        _verify(backend, plan)
    taken_over = held.places if take_over and plan.lock else ()
    return Rescued(plan, written, plan.digest_wrong, taken_over)


def _standing(
    backend: Backend, lost: Lost, stored: StoredState | None, *, force: bool
) -> tuple[Standing, bytes]:
    """Say how the file stands to the stored state, and what would be written."""
    if stored is None or not stored.body:
        return Standing.TO_PUSH, _with_lineage(lost)
    if stored.body == lost.body or _same_content(stored, lost):
        return Standing.STORED, lost.body
    try:
        there = stored.header
    except NotAState:
        if force:
            return Standing.TO_PUSH, lost.body
        raise
    mine = lost.header
    if there.lineage == mine.lineage and mine.serial > there.serial:
        return Standing.TO_PUSH, lost.body
    if _was_stored(backend, lost):
        return Standing.SUPERSEDED, lost.body
    if force:
        if mine.format == "encrypted":
            return Standing.TO_PUSH, lost.body
        serial = max(mine.serial, there.serial + 1)
        return Standing.TO_PUSH, with_serial(lost.body, serial)
    raise _refusal(backend.address, lost, there)


def _with_lineage(lost: Lost) -> bytes:
    """Return the state with a lineage: that of a first apply gets it when it is first stored.

    Source: `internal/states/remote/state.go` (PersistState).
    """
    if lost.header.lineage:
        return lost.body
    return with_serial(lost.body, lost.header.serial, str(uuid4()))


def _change(stored: StoredState | None, lost: Lost) -> StateDiff | None:
    try:
        old = stored.state if stored else StateFile("empty")
    except NotAState:
        return None
    return diff_unless_encrypted(old, lost.state)


def _refusal(address: StateAddress, lost: Lost, there: Header) -> HoldfastError:
    mine = lost.header
    if there.lineage != mine.lineage:
        return ForeignLineage(
            f"{lost.path} is of lineage {mine.lineage}, and {address.url} holds lineage "
            f"{there.lineage}: they do not belong to the same infrastructure",
            "Check that this is the directory and the workspace in which the apply ran. If the state "
            "was newly made since the apply, --force replaces it; 'holdfast diff' shows what is lost.",
        )
    return StaleSerial(
        f"{address.url} has serial {there.serial}, and {lost.path} has serial {mine.serial}: somebody "
        "wrote the state after this apply had read it",
        f"See what each of them has: holdfast diff latest {lost.path}. --force replaces the stored "
        "state, which stays as a version; importing what it lacks is often safer.",
    )


def _same_content(stored: StoredState, lost: Lost) -> bool:
    """Say whether the two are one state, perhaps written by `terraform state push` under serial + 1."""
    try:
        there = stored.header
        if there.format == "encrypted" or lost.header.format == "encrypted":
            return False
        lineage = lost.header.lineage
        if (lineage and there.lineage != lineage) or there.serial < lost.header.serial:
            return False
        return with_serial(stored.body, 0, lineage) == with_serial(lost.body, 0, lineage)
    except (NotAState, UnreadableState):
        return False


def _was_stored(backend: Backend, lost: Lost) -> bool:
    """Say whether the very bytes of the file are among the older versions."""
    candidates = (
        version
        for version in backend.history(headers=False)
        if not version.delete_marker and version.size == len(lost.body)
    )
    return any(
        digest_of(backend.read(version_id=version.version_id).body) == digest_of(lost.body)
        for version in candidates
    )


@contextmanager
def _lock(
    backend: Backend, plan: Rescue, *, take_over: bool, timeout: float, on_wait: OnWait | None
) -> Iterator[HeldLock]:
    if not (take_over and plan.lock):
        with backend.lock(OPERATION, timeout, str(plan.lost.path.name), on_wait=on_wait) as held:
            yield held
        return
    held = taken_over(backend, plan.lock)
    try:
        yield held
    except BaseException as error:
        error.add_note(f"The lock {held.info.id} was not released.")
        raise
    held.release()


def _check_unchanged(backend: Backend, plan: Rescue) -> None:
    """See that the stored state is the one that was shown.

    Raises:
        WrittenMeanwhile: it is another one.
    """
    there = reading.present(backend.connection, plan.address)
    if (there.etag if there else "") != (plan.stored.etag if plan.stored else ""):
        raise WrittenMeanwhile(
            f"{plan.address.url} was written since it was compared with {plan.lost.path}; "
            "nothing was pushed",
            "Run the command again to compare it with what is there now.",
        )


def _mend_digest(backend: Backend, plan: Rescue) -> None:
    stored = plan.stored
    if stored is None:
        return
    digest = digest_of(stored.body)
    try:
        backend.digests.write(plan.address, digest)
    except HoldfastError as problem:
        raise DigestNotWritten(
            f"the digest of {plan.address.url} could not be mended ({problem.happened})",
            f"Store it: {backend.digests.mending(plan.address, digest)}",
            expected=digest,
        ) from problem


def _verify(backend: Backend, plan: Rescue) -> None:
    """Read the state back as Terraform would, digest and all."""
    there = backend.read()
    if plan.standing is Standing.TO_PUSH and there.body != plan.body:
        raise WrittenMeanwhile(
            f"{plan.address.url} is not what was pushed: somebody wrote without the lock",
            f"Look: holdfast versions {plan.address.object_key}",
        )
