"""Hiding sensitive values: wrapping them while states are compared, and taking them out of results."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from holdfast.terraform.changes import SENSITIVE
from holdfast.terraform.records import Instance, Path, StateFile

# Copies of shorter sensitive texts are not looked for: "true" and "eu" stand everywhere.
SHORTEST_COPY = 8


class Secret:
    """A sensitive value on its way through a comparison. It never shows what it holds."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "(sensitive value)"


def known_secrets(state: StateFile) -> Iterator[str]:
    """Yield the texts that a state marks as sensitive.

    Providers copy them into attributes that are not marked (`terraform_data.output`), where they
    are hidden because they are known.
    """
    for output in state.outputs.values():
        if output.sensitive:
            yield from _texts_in(output.value)
    for instance in state.instances:
        if instance.sensitive:
            wrapped = wrap_attributes(instance.attributes, instance.sensitive, (), instance.flat)
            for value in wrapped.values():
                yield from _texts_of_secrets(value)


def wrap_attributes(
    attributes: Mapping[str, Any],
    paths: Collection[Path],
    known: Collection[str],
    flat: bool = False,
) -> dict[str, Any]:
    """Return attributes in which each sensitive value is a `Secret`.

    Args:
        attributes: as decoded; they are not changed.
        paths: the sensitive ones, of any state that is compared.
        known: sensitive texts, hidden wherever they stand alone.
        flat: whether the names are those of the legacy form, `name.0.other`.
    """
    if () in paths:
        return {name: _secret(value) for name, value in attributes.items()}
    if flat:
        paths = [path[:1] for path in paths]
    by_name: dict[str, list[Path]] = {}
    for path in paths:
        by_name.setdefault(str(path[0]), []).append(path[1:])
    return {
        name: wrap(value, by_name.get(name.partition(".")[0] if flat else name, ()), known)
        for name, value in attributes.items()
    }


def wrap(value: Any, paths: Collection[Path], known: Collection[str]) -> Any:
    """Return a value in which each sensitive part is a `Secret`."""
    if () in paths:
        return _secret(value)
    if isinstance(value, dict):
        return {
            name: wrap(each, [path[1:] for path in paths if str(path[0]) == name], known)
            for name, each in value.items()
        }
    if isinstance(value, list):
        if any(isinstance(path[0], str) for path in paths):
            return Secret(value)  # a way that cannot be followed hides all
        return [
            wrap(each, [path[1:] for path in paths if path[0] == index], known)
            for index, each in enumerate(value)
        ]
    if paths or (isinstance(value, str) and value in known):
        return _secret(value)
    return value


def unwrap(value: Any) -> Any:
    """Return a value as it is, for comparing only."""
    return _replace(value, lambda secret: secret.value)


def publish(value: Any) -> Any:
    """Return a value in which `Sensitive` stands for each secret."""
    return _replace(value, lambda _: SENSITIVE)


def _replace(value: Any, by: Any) -> Any:
    if isinstance(value, Secret):
        return by(value)
    if isinstance(value, dict):
        return {name: _replace(each, by) for name, each in value.items()}
    if isinstance(value, list):
        return [_replace(each, by) for each in value]
    return value


def _secret(value: Any) -> Any:
    return None if value is None else Secret(value)


def _texts_of_secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _texts_in(value.value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts_of_secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_of_secrets(each)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= SHORTEST_COPY:
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)


def masked_attributes(instance: Instance, known: Collection[str] = ()) -> dict[str, Any]:
    """Return an instance's attributes for showing, `Sensitive` in the place of each secret."""
    wrapped = wrap_attributes(instance.attributes, instance.sensitive, known, instance.flat)
    return {name: publish(value) for name, value in wrapped.items()}
