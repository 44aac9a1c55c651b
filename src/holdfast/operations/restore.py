"""Going back to an older version of a state: the old content becomes the newest, under a new serial.

Nothing is taken away: what was the newest stays as a version, so every restore can be undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from msgspec import structs

from holdfast.client import reading
from holdfast.client.backend import Backend
from holdfast.client.errors import (
    ForeignLineage,
    HoldfastError,
    NotAState,
    WrittenMeanwhile,
)
from holdfast.client.headers import Which
from holdfast.client.history import Version
from holdfast.client.locking import HeldLock, OnWait
from holdfast.client.stored import StoredState, Written
from holdfast.operations.choosing import shown_version
from holdfast.operations.versioning import keeps_versions_if_known
from holdfast.operations.with_leave import with_leave
from holdfast.terraform.address import StateAddress
from holdfast.terraform.changes import StateDiff
from holdfast.terraform.diff import diff_unless_encrypted
from holdfast.terraform.digest import Verdict
from holdfast.terraform.statefile import (
    Header,
    StateFile,
    UnreadableState,
    header,
    header_if_readable,
    parse,
    parse_if_readable,
    with_serial,
)

OPERATION = "restore"  # what others read who wait for the lock
_LOOKED_AT = 1000  # versions, newest first, whose serials the new one has to be above,
_BYTES_LOOKED_AT = 256 * 2**20  # as long as they are no more than this to read
Lineage = Literal["newest", "version"]


class NotRestorable(HoldfastError):
    """The version cannot take the place of the state as it was asked for."""


class NotVerified(HoldfastError):
    """What was read back is not what was written."""


@dataclass(frozen=True)
class Restoration:
    """What restoring a version would do. Nothing is changed yet."""

    address: StateAddress
    chosen: Version
    newest: (
        Version | None
    )  # version or deletion that is the newest; None in a bucket without versions
    old: StateFile | None  # the present state; None if it was deleted or cannot be read
    new: StateFile | None  # what it becomes; None if it cannot be read
    body: bytes = field(repr=False)  # what will be written
    change: StateDiff | None = (
        None  # from the present state to it; None if one cannot be looked into
    )
    present_etag: str = ""  # empty if there is no present state
    serial: int = 0
    lineage: str = ""
    as_is: bool = False
    forced: bool = False  # the checks of serial and lineage cannot hold
    undoable: bool = True  # the present state stays as a version of its own
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the present state already has the content of the version."""
        return self.change is not None and self.change.is_empty and not self.lineage_changes

    @property
    def deleted(self) -> bool:
        """Whether there is no state now."""
        return not self.present_etag

    @property
    def lineage_changes(self) -> bool:
        """Whether it gets another lineage than it has now."""
        before = self.old.lineage if self.old else ""
        return bool(before and self.lineage) and before != self.lineage


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    plan: Restoration
    written: Written
    digest: Verdict  # as read back


@dataclass(frozen=True, slots=True)
class _Base:
    """What the state is now: the serial and lineage that the restored one goes on from."""

    header: Header | None  # of the newest version that can be read
    present: StoredState | None
    unreadable: str = ""  # why the present state cannot be read


def prepare(
    backend: Backend,
    chosen: Version,
    *,
    lineage: Lineage | None = None,
    as_is: bool = False,
) -> Restoration:
    """Find out what restoring a version would do.

    Args:
        backend: the backend.
        chosen: the version, as `choosing` found it.
        lineage: which one the result has where the two differ.
        as_is: write the very same bytes, with the old serial.

    Raises:
        NotRestorable: it is encrypted, or no state, and `as_is` was not asked for.
        ForeignLineage: the lineages differ, and nothing says which one is wanted.
        NoSuchState: the version is gone.
    """
    address = chosen.address
    newest = next(backend.history(address, headers=False), None)
    base = _base(backend, address)
    old_body = backend.read(address, chosen.version_id).body
    body, said = (
        (old_body, header_if_readable(old_body))
        if as_is
        else _renumbered(backend, chosen, old_body, base, lineage)
    )
    plan = Restoration(
        address=address,
        chosen=_numbered(chosen, old_body),
        newest=newest,
        old=None if base.unreadable or not base.present else base.present.state,
        new=parse_if_readable(body),
        body=body,
        present_etag=base.present.etag if base.present else "",
        serial=said.serial if said else 0,
        lineage=said.lineage if said else "",
        as_is=as_is,
    )
    plan = replace(
        plan,
        change=_change(plan),
        forced=_forced(plan, base),
        undoable=_undoable(backend, plan),
    )
    return replace(plan, notes=tuple(_notes(plan, base)))


def restore(
    backend: Backend,
    plan: Restoration,
    *,
    timeout: float = 0.0,
    on_wait: OnWait | None = None,
) -> Restored:
    """Do what `prepare` showed, under the lock, unless something was written since.

    Args:
        backend: the backend.
        plan: what `prepare` returned.
        timeout: seconds to wait for the lock.
        on_wait: told who is waited for.

    Raises:
        LockHeld: somebody else holds the lock.
        WrittenMeanwhile: the state is not the one any more that was shown.
        NotVerified: another state was read back than was written.
    """
    address = plan.address
    info = f"version {plan.chosen.version_id}"
    with backend.lock(OPERATION, timeout, info, address=address, on_wait=on_wait) as held:
        _check_unchanged(backend, plan)
        written = _written(backend, plan, held)
        return Restored(plan, written, _verified(backend, address, plan.body))


def _written(backend: Backend, plan: Restoration, held: HeldLock) -> Written:
    def write() -> Written:
        return backend.write(plan.body, address=plan.address, held=held, force=plan.forced)

    if not (plan.lineage_changes or plan.as_is):
        return write()
    reason = f"restoring the version {plan.chosen.version_id}"
    return with_leave(backend.connection, plan.address, reason, write)


def _base(backend: Backend, address: StateAddress) -> _Base:
    """Read the present state, whatever its digest says; failing that, the newest readable version."""
    present = reading.present(backend.connection, address)
    if present is None:
        return _Base(_newest_header(backend, address), None)
    try:
        if not present.state.resources and present.state.format == "empty":
            return _Base(_newest_header(backend, address), present, "it has no bytes")
        return _Base(present.header, present)
    except NotAState as bad:
        return _Base(_newest_header(backend, address), present, bad.happened)


def _newest_header(backend: Backend, address: StateAddress) -> Header | None:
    """Return the header of the newest version that can be read."""
    for version in backend.history(address):
        if version.lineage is not None and version.format not in {None, "empty"}:
            return Header(
                "encrypted" if version.format == "encrypted" else "v4",
                version.terraform_version or "",
                version.serial or 0,
                version.lineage,
            )
    return None


def _highest_serial(backend: Backend, address: StateAddress, lineage: str) -> int:
    """Return the highest serial that a lineage ever had, which need not be that of the newest.

    A serial that other content had before would let a plan apply that was made for that content.
    Versions too far back are not read for it.
    """
    left, among = _BYTES_LOOKED_AT, list[Which]()
    for version in backend.history(address, headers=False, limit=_LOOKED_AT):
        left -= version.size
        if left < 0:
            break
        if not version.delete_marker:
            among.append(Which(address.object_key, version.version_id, version.etag))
    found = (each.header for each in backend.headers().read_all(among))
    return max((each.serial for each in found if each and each.lineage == lineage), default=0)


def _renumbered(
    backend: Backend, chosen: Version, old_body: bytes, base: _Base, wanted: Lineage | None
) -> tuple[bytes, Header]:
    """Return the old content with the serial after the highest, and the header it then has."""
    said = _readable(chosen, old_body)
    lineage = _lineage(chosen, said, base.header, wanted)
    newest = base.header.serial if base.header else 0
    serial = max(said.serial, newest, _highest_serial(backend, chosen.address, lineage)) + 1
    changed = lineage if lineage != said.lineage else None
    body = with_serial(old_body, serial, changed)
    return body, structs.replace(said, serial=serial, lineage=lineage)


def _readable(chosen: Version, body: bytes) -> Header:
    which = f"the version {chosen.version_id} of {chosen.address.url}"
    try:
        said = header(body)
        parse(body)
    except UnreadableState as bad:
        raise NotRestorable(
            f"{which} is not a readable state: {bad}",
            "Choose another version. --as-is writes it all the same, byte for byte.",
        ) from bad
    if said.format == "empty":
        raise NotRestorable(
            f"{which} has no bytes: it says nothing of any resource",
            "Choose another version. --as-is writes it all the same.",
        )
    if said.format == "encrypted":
        raise NotRestorable(
            f"{which} is encrypted by OpenTofu: its serial also stands inside the encryption, where "
            "only OpenTofu can change it",
            f"--as-is writes it byte for byte, with its old serial {said.serial}. "
            "OpenTofu reads that; plans that were saved before do not apply any more.",
        )
    return said


def _lineage(chosen: Version, said: Header, base: Header | None, wanted: Lineage | None) -> str:
    if base is None or not base.lineage or base.lineage == said.lineage:
        return said.lineage
    if not said.lineage or wanted == "newest":
        return base.lineage
    if wanted == "version":
        return said.lineage
    raise ForeignLineage(
        f"the version {chosen.version_id} of {chosen.address.url} has lineage {said.lineage}, and the "
        f"newest has {base.lineage}: a state of other infrastructure was written over it",
        "--lineage version brings the old lineage back, which is right if the newest does not belong "
        "there; --lineage newest keeps that of the newest.",
    )


def _numbered(chosen: Version, body: bytes) -> Version:
    """Return the version with its serial, which a listing does not have."""
    said = header_if_readable(body)
    return replace(chosen, serial=said.serial) if said else chosen


def _change(plan: Restoration) -> StateDiff | None:
    """Compare the two; a state that was deleted counts as one that held nothing."""
    if plan.new is None or (plan.old is None and not plan.deleted):
        return None
    return diff_unless_encrypted(plan.old or StateFile("empty"), plan.new)


def _forced(plan: Restoration, base: _Base) -> bool:
    """Say whether the checks that every write is put through would refuse this one."""
    if base.present is None:
        return plan.new is None
    if base.unreadable or plan.new is None or base.header is None:
        return True
    return plan.serial <= base.header.serial or plan.lineage != base.header.lineage


def _undoable(backend: Backend, plan: Restoration) -> bool:
    """Say whether the present state stays: a "null" version is replaced unless versions are kept."""
    if plan.deleted or (plan.newest is not None and plan.newest.version_id != "null"):
        return True
    return keeps_versions_if_known(backend) is True


def _notes(plan: Restoration, base: _Base) -> Sequence[str]:
    notes: list[str] = []
    if base.unreadable:
        notes.append(f"The present state cannot be read ({base.unreadable}); it is replaced.")
    if plan.deleted:
        notes.append("The state was deleted; it will exist again.")
    if base.present and base.present.digest in {Verdict.DIFFERS, Verdict.ORPHAN}:
        notes.append("The digest in the lock table does not fit the present state; it is set anew.")
    if plan.old and plan.lineage_changes:
        notes.append(f"The lineage changes from {plan.old.lineage} to {plan.lineage}.")
    if plan.as_is and base.header and plan.serial <= base.header.serial:
        notes.append(
            f"The serial does not grow: {base.header.serial} is followed by {plan.serial}. Plans that "
            "were saved before do not apply any more."
        )
    if not plan.undoable:
        notes.append(
            "THIS CANNOT BE UNDONE: the bucket keeps no version of the present state. "
            "Save it first: holdfast pull"
        )
    return notes


def _check_unchanged(backend: Backend, plan: Restoration) -> None:
    """See that the newest version is the one that was shown.

    Raises:
        WrittenMeanwhile: it is another one.
    """
    newest = next(backend.history(plan.address, headers=False), None)
    if _identity(newest) != _identity(plan.newest):
        now = f"the newest is now {shown_version(newest)}" if newest else "it is gone"
        raise WrittenMeanwhile(
            f"{plan.address.url} was written since its effect was shown ({now}); nothing was restored",
            "Run the command again to see the effect on what is there now.",
        )


def _identity(version: Version | None) -> tuple[str, str, bool] | None:
    return (version.version_id, version.etag, version.delete_marker) if version else None


def _verified(backend: Backend, address: StateAddress, body: bytes) -> Verdict:
    """Read the state back, with its digest checked as Terraform does."""
    there = backend.read(address)
    if there.body != body:
        raise NotVerified(
            f"{address.url} is not what was written: {len(there.body)} bytes were read back, "
            f"{len(body)} were written",
            f"Somebody wrote without the lock. Look: holdfast versions {address.object_key}",
        )
    return there.digest
