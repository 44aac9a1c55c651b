"""How a difference between two states is printed, for people and as JSON: nothing sensitive is."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.output import say

if TYPE_CHECKING:
    from holdfast.terraform.changes import (
        AttributeChange,
        InstanceChange,
        MetadataChange,
        OutputChange,
        StateDiff,
    )

_LONGEST = 120  # characters of a value
_SIGNS = {
    "added": ("+", Style.ADDED),
    "removed": ("-", Style.REMOVED),
    "changed": ("~", Style.CHANGED),
    "moved": (">", Style.CHANGED),
}


def print_difference(change: "StateDiff", *, attributes: bool = True) -> None:
    """Print what differs: the summary, then resource by resource, then outputs and the rest.

    Args:
        change: the difference.
        attributes: whether to print what changed inside each resource.
    """
    say(summary(change), Style.STRONG)
    for each in change.instances:
        _print_instance(each, attributes=attributes)
    for output in change.outputs:
        _print_output(output)
    if attributes:
        for about in change.metadata:
            say(f"  ~ {safe(about.address)}: only what is kept about it", Style.CHANGED)
            _print_lines(_metadata_lines(about.changes))
    elif change.metadata:
        say(f"  ~ only what is kept about {counted(len(change.metadata), 'other resource')}")
    for check in change.checks:
        say(f"  ~ check {safe(check.address)}: {check.before or 'none'} -> {check.after or 'none'}")


def summary(change: "StateDiff") -> str:
    """Return the difference in a line."""
    return "Both hold the same." if change.is_empty else f"{change.counts}"


def document(change: "StateDiff") -> dict[str, Any]:
    """Return the difference as it stands in JSON."""
    return {
        "same": change.is_empty,
        "counts": change.counts,
        "header": [_metadata(each) for each in change.header],
        "resources": [
            {
                "change": each.kind,
                "address": each.address,
                "mode": each.mode,
                "type": each.type,
                "moved_from": each.moved_from or None,
                "replaced": each.replaced,
                "attributes": [attribute_document(one) for one in each.attributes],
                "metadata": [_metadata(one) for one in each.metadata],
            }
            for each in change.instances
        ],
        "outputs": [
            {
                "change": each.kind,
                "name": each.name,
                "values": [attribute_document(one) for one in each.changes],
                "metadata": [_metadata(one) for one in each.metadata],
            }
            for each in change.outputs
        ],
        "metadata_only": [
            {"address": each.address, "metadata": [_metadata(one) for one in each.changes]}
            for each in change.metadata
        ],
        "checks": list(change.checks),
    }


def attribute_document(change: "AttributeChange") -> dict[str, Any]:
    """Return a changed value as it stands in JSON; one that is hidden or absent is null."""
    sensitive = _is_hidden(change.before) or _is_hidden(change.after)
    return {
        "path": change.name,
        "before": plain(change.before),
        "after": plain(change.after),
        "sensitive": sensitive,
    }


def attribute_lines(changes: "Iterable[AttributeChange]") -> Iterator[tuple[str, Style]]:
    """Yield a line for each changed value, made safe."""
    from holdfast.terraform.changes import ABSENT

    for each in changes:
        name = safe(each.name) or "value"
        if each.before == ABSENT:
            yield f"+ {name}: {shown(each.after)}", Style.ADDED
        elif each.after == ABSENT:
            yield f"- {name}: {shown(each.before)}", Style.REMOVED
        elif _is_hidden(each.before) and _is_hidden(each.after):
            yield f"~ {name}: (sensitive value, changed)", Style.CHANGED
        else:
            yield f"~ {name}: {shown(each.before)} -> {shown(each.after)}", Style.CHANGED


def shown(value: Any) -> str:
    """Return a value for a line: as JSON, cut where it is long."""
    if _is_hidden(value):
        return "(sensitive value)"
    text = safe(json.dumps(plain(value), ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def plain(value: Any) -> Any:
    """Return a value without what JSON does not know: hidden parts are named, numbers kept exact."""
    from holdfast.terraform.changes import ABSENT

    if value == ABSENT:
        return None
    if _is_hidden(value):
        return "(sensitive value)"
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    return value


def _is_hidden(value: Any) -> bool:
    from holdfast.terraform.changes import Sensitive

    return isinstance(value, Sensitive)


def _metadata(change: "MetadataChange") -> dict[str, Any]:
    return {"name": change.name, "before": plain(change.before), "after": plain(change.after)}


def _print_instance(change: "InstanceChange", *, attributes: bool) -> None:
    sign, style = _SIGNS[change.kind]
    line = f"  {sign} {safe(change.address)}"
    if change.moved_from:
        line += f" (moved from {safe(change.moved_from)})"
    if change.replaced:
        line += " (another object)"
    say(line, style)
    if attributes and change.kind in {"changed", "moved"}:
        _print_lines(attribute_lines(change.attributes))
        _print_lines(_metadata_lines(change.metadata))


def _print_output(change: "OutputChange") -> None:
    sign, style = _SIGNS[change.kind]
    name = f"output.{safe(change.name)}"
    if change.kind == "changed":
        say(f"  {sign} {name}", style)
        _print_lines(attribute_lines(change.changes))
        _print_lines(_metadata_lines(change.metadata))
        return
    for each in change.changes:
        value = each.after if change.kind == "added" else each.before
        say(f"  {sign} {name} = {shown(value)}", style)


def _metadata_lines(changes: "Iterable[MetadataChange]") -> Iterator[tuple[str, Style]]:
    for each in changes:
        yield f"~ ({each.name}): {shown(each.before)} -> {shown(each.after)}", Style.DIM


def _print_lines(lines: Iterable[tuple[str, Style]]) -> None:
    for text, style in lines:
        say(f"      {text}", style)
