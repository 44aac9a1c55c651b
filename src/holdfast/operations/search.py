"""Finding resources in all states of a bucket, by what they are or by what their attributes hold."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.client.errors import HoldfastError
from holdfast.operations.catalog import Entry, survey
from holdfast.operations.each_state import each_state
from holdfast.operations.fetching import OnProgress
from holdfast.operations.masking import Leaf, Masker
from holdfast.terraform.address import StateAddress
from holdfast.terraform.changes import SENSITIVE, path_text
from holdfast.terraform.exact_json import rendered
from holdfast.terraform.records import Instance, StateFile

if TYPE_CHECKING:
    from holdfast.client.connect import Connection


@dataclass(frozen=True, slots=True)
class AttributeWanted:
    """An attribute that a resource must have. Names and values are patterns."""

    name: str  # tags.Name; its steps may be *, and it may be the end of a path
    value: str | None = None  # None: whatever it is


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to find; all that is said must hold. Texts are patterns with `*` and `?`."""

    text: str = ""  # is anywhere in the address, if it has no `*` or `?`
    type: str = ""
    name: str = ""
    module: str = ""  # with or without its instance keys
    provider: str = ""
    mode: str = ""  # managed or data
    attributes: tuple[AttributeWanted, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """An attribute that was asked for. Its value is masked where it is secret."""

    path: str
    value: str  # texts as they are, other values as JSON
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource that was found."""

    state: StateAddress
    address: str
    type: str
    mode: str
    provider: str
    tainted: bool
    matched: tuple[Matched, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A state that could not be looked into, and why."""

    state: StateAddress
    why: str


def attribute_wanted(text: str) -> AttributeWanted:
    """Read `NAME` or `NAME=VALUE`.

    Raises:
        HoldfastError: there is no name.
    """
    name, equals, value = text.partition("=")
    if not name.strip():
        raise HoldfastError(
            f"{text!r} names no attribute", "Write NAME, or NAME=VALUE: --attribute tags.Name=web"
        )
    return AttributeWanted(name.strip(), value if equals else None)


def search(
    connection: "Connection",
    wanted: Wanted,
    prefix: str = "",
    *,
    progress: OnProgress | None = None,
) -> tuple[tuple[Hit, ...], tuple[Unsearched, ...]]:
    """Find resources in the states of the connection's bucket.

    Args:
        connection: to the bucket.
        wanted: what to find.
        prefix: only in states whose key begins with it, in any workspace.
        progress: told how many states are through.

    Returns:
        What was found, by state and address; and the states that could not be looked into.

    Raises:
        HoldfastError: the bucket or a state cannot be read.
    """
    entries = survey(connection, prefix, progress=progress).entries
    hits: list[Hit] = []
    unsearched: list[Unsearched] = []
    test = _Test(wanted)
    for made in each_state(connection, entries, test.hits, progress=progress):
        if made.result is None:
            unsearched.append(Unsearched(made.entry.address, made.why_not))
        else:
            hits += made.result
    hits.sort(key=lambda hit: (hit.state.key, hit.state.workspace, hit.address))
    unsearched.sort(key=lambda each: each.state)
    return tuple(hits), tuple(unsearched)


class _Test:
    """Says which resources of a state are wanted."""

    def __init__(self, wanted: Wanted) -> None:
        self._mode = wanted.mode
        self._attributes = [
            (_path_pattern(each.name), None if each.value is None else _pattern(each.value))
            for each in wanted.attributes
        ]
        text = wanted.text
        self._text = _pattern(text if any(c in text for c in "*?") else f"*{text}*")
        self._type, self._name = _pattern(wanted.type), _pattern(wanted.name)
        self._module, self._provider = _pattern(wanted.module), _pattern(wanted.provider)

    def hits(self, entry: Entry, state: StateFile) -> list[Hit]:
        """Return what is found in a state."""
        masker: Masker | None = None
        found: list[Hit] = []
        for instance in state.instances:
            if not self._fits(instance):
                continue
            matched: tuple[Matched, ...] | None = ()
            if self._attributes:
                masker = masker or Masker(state)
                matched = self._matched(masker, instance)
            if matched is not None:
                found.append(_hit(entry.address, instance, matched))
        return found

    def _fits(self, instance: Instance) -> bool:
        resource = instance.resource
        module, provider = resource.module, resource.provider_name
        return bool(
            (not self._mode or resource.mode == self._mode)
            and self._type.fullmatch(resource.type)
            and self._name.fullmatch(resource.name)
            and (self._module.fullmatch(module) or self._module.fullmatch(_without_keys(module)))
            and (
                self._provider.fullmatch(provider)
                or self._provider.fullmatch(provider.rpartition("/")[2])
            )
            and (self._text.fullmatch(instance.label) or self._text.fullmatch(resource.address))
        )

    def _matched(self, masker: Masker, instance: Instance) -> tuple[Matched, ...] | None:
        """Return the attributes that were asked for; None if one of them is missing."""
        leaves = list(masker.leaves(instance))
        found: list[Matched] = []
        for name, value in self._attributes:
            fitting = [leaf for leaf in leaves if _leaf_fits(leaf, name, value)]
            if not fitting:
                return None
            found += [_shown(leaf) for leaf in fitting]
        return tuple(dict.fromkeys(found))


def _hit(state: StateAddress, instance: Instance, matched: tuple[Matched, ...]) -> Hit:
    resource = instance.resource
    return Hit(
        state=state,
        address=instance.label,
        type=resource.type,
        mode=resource.mode,
        provider=resource.provider_name,
        tainted=instance.tainted,
        matched=matched,
    )


def _shown(leaf: Leaf) -> Matched:
    value = repr(SENSITIVE) if leaf.sensitive else _text(leaf.value)
    return Matched(path_text(leaf.path), value, leaf.sensitive)


def _leaf_fits(leaf: Leaf, name: "re.Pattern[str]", value: "re.Pattern[str] | None") -> bool:
    if value is None:
        return bool(leaf.value is not None and name.fullmatch(path_text(leaf.path)))
    return bool(value.fullmatch(_text(leaf.value)) and name.fullmatch(path_text(leaf.path)))


def _text(value: Any) -> str:
    """Return a value as it is compared: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else rendered(value)


def _pattern(text: str) -> "re.Pattern[str]":
    """Return what a pattern matches; an empty one matches everything. Only * and ? are special."""
    parts = ({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in text or "*")
    return re.compile("".join(parts), re.DOTALL)


def _path_pattern(name: str) -> "re.Pattern[str]":
    """Return what the path of an attribute has to be: the name, or an index or more below it."""
    return re.compile(f"(?:.*[.])?{_pattern(name).pattern}(?:[.\\[].*)?", re.DOTALL)


def _without_keys(module: str) -> str:
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", module)
