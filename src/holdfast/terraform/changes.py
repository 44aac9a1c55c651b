"""What differs between two states, as frozen records that hold no sensitive value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.terraform.exact_json import rendered
from holdfast.terraform.records import Path

Kind = Literal["added", "removed", "changed", "moved"]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Stands for a value that is not shown. Two of them in one change are two different values."""

    def __repr__(self) -> str:
        return "(sensitive value)"


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for no value."""

    def __repr__(self) -> str:
        return "(absent)"


SENSITIVE = Sensitive()
ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """A value below an instance's attributes, or an output's value, that is not the same.

    `before` and `after` are JSON values in which `Sensitive` stands for hidden parts, or `Absent`.
    An index of a list counts in the newer state, and in the older one if the value is gone.
    """

    path: Path  # empty for the whole of an output's value
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The path as text: `tags.Name`, `ingress[0].from_port`, `labels["a/b"]`."""
        return path_text(self.path)


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """Something that Terraform keeps about an object or a state, beside its values."""

    name: str  # provider, schema_version, dependencies, tainted, deposed, ...
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """An object that was added, removed, changed or moved to another address."""

    kind: Kind
    address: str  # in the newer state, or in the older one if it was removed
    type: str
    mode: str
    moved_from: str = ""
    replaced: bool = False  # another object, by its id, at the same address
    attributes: tuple[AttributeChange, ...] = ()
    metadata: tuple[MetadataChange, ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceMetadata:
    """An object whose values are the same, and what is kept about it is not."""

    address: str
    changes: tuple[MetadataChange, ...]


@dataclass(frozen=True, slots=True)
class OutputChange:
    """An output of the root module that was added, removed or changed."""

    kind: Kind
    name: str
    changes: tuple[AttributeChange, ...] = ()
    metadata: tuple[MetadataChange, ...] = ()  # type, sensitive


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check whose result is another one. A status is empty where there is no such check."""

    address: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many changes of each kind there are."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0
    metadata: int = 0  # objects of which nothing but metadata changed
    outputs_added: int = 0
    outputs_removed: int = 0
    outputs_changed: int = 0
    checks: int = 0

    def __str__(self) -> str:
        resources = _listed(self.added, self.removed, self.changed, self.moved)
        outputs = _listed(self.outputs_added, self.outputs_removed, self.outputs_changed, 0)
        parts = [f"resources: {resources}", f"outputs: {outputs}"]
        if self.metadata:
            parts.append(f"metadata only: {self.metadata}")
        if self.checks:
            parts.append(f"checks: {self.checks}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class StateDiff:
    """What differs between two states, each part in a fixed order."""

    counts: Counts
    header: tuple[MetadataChange, ...] = ()  # format, terraform_version, serial, lineage
    instances: tuple[InstanceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    metadata: tuple[InstanceMetadata, ...] = ()
    checks: tuple[CheckChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both states hold the same; their serials may still differ."""
        return not (self.instances or self.outputs or self.metadata or self.checks)

    def of_kind(self, kind: Kind) -> Iterator[InstanceChange]:
        """Yield the objects that were changed in one way."""
        return (each for each in self.instances if each.kind == kind)


def path_text(path: Path) -> str:
    """Return the way to a value as text."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_NAME.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{rendered(step)}]"
    return text


def _listed(added: int, removed: int, changed: int, moved: int) -> str:
    numbers = {"added": added, "removed": removed, "changed": changed, "moved": moved}
    return ", ".join(f"{number} {kind}" for kind, number in numbers.items() if number) or "the same"
