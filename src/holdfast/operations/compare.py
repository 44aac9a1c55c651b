"""What `diff` compares: versions, states elsewhere and files, by the names that people give them.

A side is one of: the name of a version of the state (see `choosing`); a file; a state elsewhere, as
`key:KEY`, `workspace:NAME` or an `s3://` URL, of which `#VERSION` after it names a version.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from holdfast.client.backend import Backend
from holdfast.client.errors import NoSuchState, NotAState
from holdfast.client.history import Version
from holdfast.client.stored import not_a_state
from holdfast.operations.choosing import LATEST, choose, is_name, needs_serials, shown_version
from holdfast.terraform.address import StateAddress
from holdfast.terraform.changes import StateDiff
from holdfast.terraform.diff import diff_unless_encrypted
from holdfast.terraform.statefile import StateFile, UnreadableState, parse

# Returns the backend of an `s3://` URL.
OpenUrl = Callable[[str], Backend]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two states that are compared."""

    label: str
    state: StateFile
    body: bytes = field(repr=False)
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two states and what differs between them."""

    old: Side
    new: Side
    change: StateDiff | None  # None if one of them is encrypted
    same_bytes: bool

    @property
    def encrypted(self) -> tuple[Side, ...]:
        """The sides that OpenTofu encrypted: nothing of them can be compared."""
        return tuple(side for side in (self.old, self.new) if side.state.format == "encrypted")

    @property
    def same(self) -> bool:
        """Whether both hold the same; serials may differ. Of encrypted ones: the same bytes."""
        return self.same_bytes if self.change is None else self.change.is_empty


def compare(backend: Callable[[], Backend], old: str, new: str, open_url: OpenUrl) -> Comparison:
    """Compare two states.

    Args:
        backend: returns the backend of the state; not called if only files are compared.
        old: the older side, see the module.
        new: the newer side.
        open_url: returns the backend of a URL.

    Raises:
        NoSuchState: a side does not exist.
        NotAState: a side cannot be read.
    """
    sides = Sides(backend, open_url)
    before, after = sides.named(old), sides.named(new)
    change = diff_unless_encrypted(before.state, after.state)
    return Comparison(before, after, change, before.body == after.body)


class Sides:
    """Finds what is to be compared."""

    def __init__(self, backend: Callable[[], Backend], open_url: OpenUrl) -> None:
        self._backend = backend
        self._open_url = open_url

    def named(self, name: str) -> Side:
        """Return the state that a name means.

        Raises:
            NoSuchState: there is none.
            NotAState: it cannot be read.
        """
        where, _, version = name.partition("#")
        if where.startswith("s3://"):
            backend = self._open_url(where)
            return _side(backend, backend.address, version or LATEST)
        if where.startswith("workspace:"):
            backend = self._backend().in_workspace(where.removeprefix("workspace:"))
            return _side(backend, backend.address, version or LATEST)
        if where.startswith("key:"):
            backend = self._backend()
            address = StateAddress(backend.settings.bucket, where.removeprefix("key:"))
            return _side(backend, address, version or LATEST)
        if not is_name(name) and _is_file(name):
            return _of_file(Path(name))
        backend = self._backend()
        return _side(backend, backend.address, name)


def _is_file(name: str) -> bool:
    return "/" in name or name.endswith((".tfstate", ".json", ".backup")) or Path(name).is_file()


def _of_file(path: Path) -> Side:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise NoSuchState(
            f"{path} cannot be read ({error.strerror})",
            f"If it is the key of a state: key:{path}; versions of another state: --key {path}.",
        ) from error
    try:
        return Side(str(path), parse(body), body)
    except UnreadableState as bad:
        raise NotAState(f"{path} is not a readable state: {bad}") from bad


def _side(backend: Backend, address: StateAddress, name: str) -> Side:
    """Read a version of a state, whatever its digest says."""
    version: Version | None = None
    if name == LATEST:
        stored = backend.read(address, accept_mismatch=True)
    else:
        history = list(backend.history(address, headers=needs_serials(name)))
        version = replace(choose(address, history, name, datetime.now(UTC)), serial=None)
        stored = backend.read(address, version.version_id)
    try:
        state = parse(stored.body)
    except UnreadableState as bad:
        raise not_a_state(address, bad) from bad
    which = (
        shown_version(version) if version else f"{stored.last_modified:%Y-%m-%d %H:%M:%SZ} (newest)"
    )
    return Side(f"{address.object_key}, serial {state.serial} of {which}", state, stored.body)
