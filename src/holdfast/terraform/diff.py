"""The difference between two states: object by object, value by value, nothing sensitive shown."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from holdfast.terraform.changes import (
    ABSENT,
    AttributeChange,
    Counts,
    InstanceChange,
    InstanceMetadata,
    Kind,
    MetadataChange,
    OutputChange,
    StateDiff,
)
from holdfast.terraform.exact_json import UnreadableState
from holdfast.terraform.masking import Marks, known_secrets, publish, wrap
from holdfast.terraform.metadata import (
    check_changes,
    deposed_changes,
    header_changes,
    metadata_changes,
)
from holdfast.terraform.moves import object_id
from holdfast.terraform.pairing import Pair, pairs_between, place_of
from holdfast.terraform.records import Instance, Output, StateFile
from holdfast.terraform.values import compare, compare_mappings


def diff(old: StateFile, new: StateFile) -> StateDiff:
    """Compare two states.

    What either state marks as sensitive is hidden on both sides, and where its text stands again;
    so are texts of attributes that are named like secrets, for not every state marks them.
    Orders that Terraform does not keep are no difference: of dependencies, sensitive paths, check
    results, and of lists of objects, which is how sets of blocks look in a state.

    Raises:
        UnreadableState: one of them is encrypted.
    """
    for state in (old, new):
        if state.format == "encrypted":
            raise UnreadableState("it is encrypted, so its content cannot be compared")
    pairs = pairs_between(old, new)
    known = known_secrets(old, new) if pairs or old.outputs != new.outputs else frozenset[str]()
    changes: list[InstanceChange] = []
    about: dict[str, list[MetadataChange]] = {}
    for before, after in sorted(pairs, key=_place):
        found = _instance_change(before, after, known)
        if found is not None:
            changes.append(found)
        elif before is not None and after is not None:
            about.setdefault(after.address, []).extend(metadata_changes(before, after))
    for address, change in deposed_changes(old, new):
        about.setdefault(address, []).append(change)
    metadata = tuple(
        InstanceMetadata(address, tuple(found)) for address, found in about.items() if found
    )
    outputs = tuple(_output_changes(old, new, known))
    checks = tuple(check_changes(old, new))
    return StateDiff(
        counts=_counts(changes, outputs, len(metadata), len(checks)),
        header=tuple(header_changes(old, new)),
        instances=tuple(changes),
        outputs=outputs,
        metadata=metadata,
        checks=checks,
    )


def diff_unless_encrypted(old: StateFile, new: StateFile) -> StateDiff | None:
    """Compare two states as `diff` does; None if one of them is encrypted."""
    return None if "encrypted" in {old.format, new.format} else diff(old, new)


def _place(pair: Pair) -> Any:
    before, after = pair
    instance = after or before
    return () if instance is None else (*place_of(instance), after is not None)


def _instance_change(
    before: Instance | None, after: Instance | None, known: Collection[str]
) -> InstanceChange | None:
    """Return what happened to an object, or None if at most its metadata changed."""
    attributes = tuple(_attribute_changes(before, after, known))
    shown = after or before
    if shown is None:
        return None
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    metadata: tuple[MetadataChange, ...] = ()
    moved_from, replaced = "", False
    if before is not None and after is not None:
        if before.address != after.address:
            kind, moved_from = "moved", before.address
        elif not attributes:
            return None
        metadata = tuple(metadata_changes(before, after))
        replaced = any(each.path == ("id",) for each in attributes) and (
            object_id(before) != object_id(after)
        )
    return InstanceChange(
        kind=kind,
        address=shown.address,
        type=shown.resource.type,
        mode=shown.resource.mode,
        moved_from=moved_from,
        replaced=replaced,
        attributes=attributes,
        metadata=metadata,
    )


def _attribute_changes(
    before: Instance | None, after: Instance | None, known: Collection[str]
) -> Iterator[AttributeChange]:
    """Yield the values that differ; all of them for an object that is on one side only."""
    if before is not None and after is not None and before.raw == after.raw:
        return
    sides = [each for each in (before, after) if each is not None]
    marks = Marks(
        {path for each in sides for path in each.sensitive},
        known,
        flat=any(each.flat for each in sides),
        resource_type=sides[0].resource.type if sides else "",
    )
    old, new = ({} if each is None else each.read_attributes() for each in (before, after))
    yield from compare_mappings((), old, new, marks)


def _output_changes(
    old: StateFile, new: StateFile, known: Collection[str]
) -> Iterator[OutputChange]:
    """Yield the outputs that differ, by name."""
    for name in sorted(old.outputs.keys() | new.outputs.keys()):
        before, after = old.outputs.get(name), new.outputs.get(name)
        hidden = [()] if _is_sensitive(before) or _is_sensitive(after) else []
        if before is None and after is not None:
            shown = publish(wrap(after.value, hidden, known))
            yield OutputChange("added", name, (AttributeChange((), ABSENT, shown),))
        elif after is None and before is not None:
            shown = publish(wrap(before.value, hidden, known))
            yield OutputChange("removed", name, (AttributeChange((), shown, ABSENT),))
        elif before is not None and after is not None:
            wrapped = (wrap(each.value, hidden, known) for each in (before, after))
            changes = tuple(compare((), *wrapped))
            metadata = tuple(_output_metadata(before, after))
            if changes or metadata:
                yield OutputChange("changed", name, changes, metadata)


def _output_metadata(before: Output, after: Output) -> Iterator[MetadataChange]:
    if before.type != after.type:
        yield MetadataChange("type", before.type, after.type)
    if before.sensitive != after.sensitive:
        yield MetadataChange("sensitive", before.sensitive, after.sensitive)


def _is_sensitive(output: Output | None) -> bool:
    return output is not None and output.sensitive


def _counts(
    instances: Iterable[InstanceChange],
    outputs: Iterable[OutputChange],
    metadata: int,
    checks: int,
) -> Counts:
    kinds = [each.kind for each in instances]
    of_outputs = [each.kind for each in outputs]
    return Counts(
        added=kinds.count("added"),
        removed=kinds.count("removed"),
        changed=kinds.count("changed"),
        moved=kinds.count("moved"),
        metadata=metadata,
        outputs_added=of_outputs.count("added"),
        outputs_removed=of_outputs.count("removed"),
        outputs_changed=of_outputs.count("changed"),
        checks=checks,
    )
