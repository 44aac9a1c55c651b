"""Which version of a state introduced a resource, an attribute or an output, and which changed it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, NotAState
from holdfast.client.history import Version
from holdfast.operations.bodies import Read, states_of
from holdfast.operations.resource_names import Name
from holdfast.terraform.changes import AttributeChange, MetadataChange, StateDiff
from holdfast.terraform.diff import diff
from holdfast.terraform.records import Instance, Path, StateFile

Kind = Literal["introduced", "changed", "replaced", "moved", "removed", "metadata"]


class NoSuchResource(HoldfastError):
    """No version of the state holds what was named, or it names several."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version that did something to what was named."""

    version: Version  # the one that has the result
    before: Version | None  # the one before it; None if it is the oldest that could be read
    kind: Kind
    address: str  # in this version
    serial: int | None = None  # of this version
    moved_from: str = ""
    attributes: tuple[AttributeChange, ...] = ()
    metadata: tuple[MetadataChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A version that could not be looked into."""

    version: Version
    problem: str


@dataclass(frozen=True, slots=True)
class Blame:
    """What the history says, newest first."""

    name: Name
    entries: tuple[Entry, ...]
    passed: tuple[Passed, ...] = ()
    complete: bool = True  # whether it was followed to where it was introduced

    @property
    def last_changed(self) -> Entry | None:
        """The newest entry."""
        return self.entries[0] if self.entries else None

    @property
    def introduced(self) -> Entry | None:
        """The entry that introduced it, if it was followed so far."""
        last = self.entries[-1] if self.entries else None
        return last if last and last.kind == "introduced" else None


def blame(
    backend: Backend,
    name: Name,
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Blame:
    """Follow a resource, an attribute or an output through the history, newest first.

    Args:
        backend: the backend.
        name: what to follow; moved resources are followed to their older addresses.
        limit: entries to find; all if None.
        progress: told how many of how many versions were read.

    Raises:
        NoSuchResource: no version holds it, or it is one of several instances.
        NotAState: no version could be looked into.
    """
    versions = list(backend.history(headers=False))
    search = _Search(name)
    passed: list[Passed] = []
    complete = False
    reads = _counted(states_of(backend, versions), len(versions), progress)
    for read in reads:
        if read.state is None:
            passed.append(Passed(read.version, read.problem))
            continue
        search.look(read.version, read.state)
        if search.done or (limit and len(search.entries) >= limit):
            complete = search.done
            break
    else:
        search.end()
        complete = True
    if search.newer is None and not search.entries:
        raise _nothing_readable(backend, passed)
    if not search.found:
        raise search.missing(backend)
    return Blame(name, tuple(search.entries), tuple(passed), complete)


class _Search:
    """The way back through the history."""

    def __init__(self, name: Name) -> None:
        self.entries: list[Entry] = []
        self.newer: tuple[Version, StateFile] | None = None
        self._serials: dict[str, int] = {}
        self.done = False
        self.found = False
        self._name = name
        self._address = name.address
        self._instances: tuple[str, ...] = ()  # of a resource that was named without a key

    def look(self, version: Version, state: StateFile) -> None:
        """Compare with the version after this one."""
        newer, self.newer = self.newer, (version, state)
        self._serials[version.version_id] = state.serial
        if newer is None:
            self.found = self._holds(state)
        elif newer[0].etag != version.etag or newer[0].size != version.size:
            self._compare(*newer, version, state)

    def end(self) -> None:
        """Say of the oldest version that it introduced what it holds."""
        if self.newer is not None and not self.done and self._holds(self.newer[1]):
            self._introduced(self.newer[0], None)

    def missing(self, backend: Backend) -> NoSuchResource:
        """Return the error for what no version holds."""
        where = backend.address.url
        if self._instances:
            several = ", ".join(self._instances[:5]) + (", ..." if self._instances[5:] else "")
            return NoSuchResource(
                f"{self._address} has {len(self._instances)} instances at {where}",
                f"Name one of them: {several}",
            )
        what = f"output {self._name.output}" if self._name.output else self._address
        return NoSuchResource(
            f"no version of {where} holds {what}",
            f"List what the newest holds: holdfast show {backend.address.object_key}",
        )

    def _holds(self, state: StateFile) -> bool:
        if self._name.output:
            return self._name.output in state.outputs
        if _instance(state, self._address) is not None:
            return True
        if not self._instances:
            alike = (each for each in state.instances if not each.deposed)
            self._instances = tuple(
                each.address for each in alike if each.resource.address == self._address
            )
            if len(self._instances) == 1:  # it can only be this one
                self._address = self._instances[0]
                return True
        return False

    def _compare(
        self, version: Version, state: StateFile, before: Version, older: StateFile
    ) -> None:
        here, there = self._holds(state), self._holds(older)
        if not here:
            if there:
                self.found = True
                self._add(version, before, "removed")
            return
        if there and self._untouched(state, older):
            return
        found = diff(older, state)
        if self._name.output:
            self._compare_output(version, before, found, there=there)
        else:
            self._compare_instance(version, before, found, there=there)

    def _untouched(self, state: StateFile, older: StateFile) -> bool:
        if self._name.output:
            return state.outputs[self._name.output] == older.outputs[self._name.output]
        new, old = _instance(state, self._address), _instance(older, self._address)
        return new is not None and old is not None and _said(new) == _said(old)

    def _compare_output(
        self, version: Version, before: Version, found: StateDiff, *, there: bool
    ) -> None:
        if not there:
            self._introduced(version, before)
            return
        for change in found.outputs:
            if change.name == self._name.output:
                self._changed(version, before, "changed", change.changes, change.metadata)

    def _compare_instance(
        self, version: Version, before: Version, found: StateDiff, *, there: bool
    ) -> None:
        change = next((each for each in found.instances if each.address == self._address), None)
        if change is not None and change.kind == "moved":
            self._add(version, before, "moved", change.moved_from, self._within(change.attributes))
            self._address = change.moved_from
        elif not there:
            self._introduced(version, before)
        elif change is not None:
            kind: Kind = "replaced" if change.replaced else "changed"
            self._changed(version, before, kind, change.attributes, change.metadata)
        for about in found.metadata:
            if about.address == self._address:
                self._changed(version, before, "metadata", (), about.changes)

    def _changed(
        self,
        version: Version,
        before: Version,
        kind: Kind,
        attributes: tuple[AttributeChange, ...],
        metadata: tuple[MetadataChange, ...],
    ) -> None:
        """Note a change, unless an attribute is followed and it is not about that."""
        within = self._within(attributes)
        if self._name.attribute and not within:
            return
        about = () if self._name.attribute else metadata
        self._add(version, before, kind, attributes=within, metadata=about)

    def _introduced(self, version: Version, before: Version | None) -> None:
        self._add(version, before, "introduced")
        self.done = True

    def _add(
        self,
        version: Version,
        before: Version | None,
        kind: Kind,
        moved_from: str = "",
        attributes: tuple[AttributeChange, ...] = (),
        metadata: tuple[MetadataChange, ...] = (),
    ) -> None:
        where = self._address or f"output.{self._name.output}"
        serial = self._serials.get(version.version_id)
        self.entries.append(
            Entry(version, before, kind, where, serial, moved_from, attributes, metadata)
        )

    def _within(self, changes: Iterable[AttributeChange]) -> tuple[AttributeChange, ...]:
        """Return the changes at, below or above the attribute that is followed."""
        return tuple(each for each in changes if _meet(each.path, self._name.attribute))


def _meet(one: Path, other: Path) -> bool:
    common = min(len(one), len(other))
    return one[:common] == other[:common]


def _instance(state: StateFile, address: str) -> Instance | None:
    return next(
        (each for each in state.instances if each.address == address and not each.deposed), None
    )


def _said(instance: Instance) -> object:
    return (
        instance.raw,
        instance.status,
        instance.resource,
        instance.dependencies,
        instance.sensitive,
        instance.schema_version,
    )


def _counted(
    reads: Iterator[Read], total: int, progress: Callable[[int, int], None] | None
) -> Iterator[Read]:
    for done, read in enumerate(reads, 1):
        if progress:
            progress(done, total)
        yield read


def _nothing_readable(backend: Backend, passed: list[Passed]) -> HoldfastError:
    where = backend.address.url
    if not passed:
        return NoSuchResource(
            f"there are no versions of {where}", "'holdfast states' lists the states there are."
        )
    return NotAState(
        f"none of the {len(passed)} versions of {where} can be looked into: {passed[0].problem}"
    )
