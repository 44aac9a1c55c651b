"""What Terraform keeps beside values, and how it differs between two states."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from holdfast.terraform.changes import SENSITIVE, CheckChange, MetadataChange, path_text
from holdfast.terraform.pairing import deposed_objects, same_values
from holdfast.terraform.records import Instance, Path, StateFile


def header_changes(old: StateFile, new: StateFile) -> Iterator[MetadataChange]:
    """Yield what differs between the headers of two states."""
    for name in ("format", "terraform_version", "serial", "lineage"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield MetadataChange(name, before, after)


def metadata_changes(before: Instance, after: Instance) -> Iterator[MetadataChange]:
    """Yield what differs between what is kept about an object."""
    pairs: dict[str, tuple[Any, Any]] = {
        "provider": (before.resource.provider, after.resource.provider),
        "schema_version": (before.schema_version, after.schema_version),
        "tainted": (before.tainted, after.tainted),
        "dependencies": _sets(before.dependencies, after.dependencies),
        "sensitive": _sets(before.sensitive, after.sensitive, _sensitive_names),
        "create_before_destroy": (before.create_before_destroy, after.create_before_destroy),
    }
    for name, (first, second) in pairs.items():
        if first != second:
            yield MetadataChange(name, first, second)
    if before.private != after.private:
        yield MetadataChange("private", SENSITIVE, SENSITIVE)  # opaque bytes of the provider


def deposed_changes(old: StateFile, new: StateFile) -> Iterator[tuple[str, MetadataChange]]:
    """Yield the addresses whose deposed objects differ, with their keys before and after."""
    before, after = deposed_objects(old), deposed_objects(new)
    for address in sorted(before.keys() | after.keys()):
        first, second = before.get(address, {}), after.get(address, {})
        if first.keys() != second.keys() or not all(
            same_values(each, second[key]) for key, each in first.items()
        ):
            yield address, MetadataChange("deposed", _set_of(first), _set_of(second))


def check_changes(old: StateFile, new: StateFile) -> Iterator[CheckChange]:
    """Yield the checks whose status differs, whatever the order they stand in."""
    before, after = _statuses(old), _statuses(new)
    for address in sorted(before.keys() | after.keys()):
        first, second = before.get(address, ""), after.get(address, "")
        if first != second:
            yield CheckChange(address, first, second)


def _statuses(state: StateFile) -> dict[str, str]:
    results = state.check_results
    return {
        str(each.get("config_addr", "")): str(each.get("status", ""))
        for each in (results if isinstance(results, list) else ())
        if isinstance(each, dict)
    }


def _sets(before: Any, after: Any, names: Callable[[Any], Any] = iter) -> tuple[Any, Any]:
    """Return two sets by their names, which are not looked at if all is in the same order."""
    return ((), ()) if before == after else (_set_of(names(before)), _set_of(names(after)))


def _sensitive_names(paths: Iterable[Path]) -> Iterator[str]:
    return (path_text(path) for path in paths)


def _set_of(names: Any) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
