"""Hiding sensitive values: wrapping them while states are compared, and taking them out of results."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from holdfast.terraform.changes import SENSITIVE
from holdfast.terraform.dynamic import is_dynamic
from holdfast.terraform.records import Instance, Path, StateFile
from holdfast.terraform.secrets import is_secret_name

# Copies of shorter sensitive texts are not looked for: "true" and "eu" stand everywhere.
SHORTEST_COPY = 8


class Secret:
    """A sensitive value on its way through a comparison. It never shows what it holds."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "(sensitive value)"


def known_secrets(*states: StateFile) -> frozenset[str]:
    """Return the texts that states mark as sensitive.

    Providers copy them into attributes that are not marked (`terraform_data.output`), where they
    are hidden because they are known.
    """
    found: set[str] = set()
    seen: set[tuple[bytes, tuple[Path, ...]]] = set()
    for state in states:
        for output in state.outputs.values():
            if output.sensitive:
                found.update(_texts_in(output.value))
        for instance in state.instances:
            content = (instance.raw, instance.sensitive)
            if instance.sensitive and content not in seen:
                seen.add(content)
                found.update(_marked_texts(instance))
    return frozenset(found)


def _marked_texts(instance: Instance) -> Iterator[str]:
    """Yield the sensitive texts of an object, decoding no more than the attributes they are in."""
    kind = instance.resource.type
    marks = Marks(instance.sensitive, flat=instance.flat, resource_type=kind)
    if instance.flat or () in instance.sensitive:
        attributes = instance.attributes
    else:
        attributes = instance.some_attributes({str(path[0]) for path in instance.sensitive})
    for name, value in attributes.items():
        yield from _texts_of_secrets(marks.wrap(name, value))


class Marks:
    """What is sensitive among the attributes of an object."""

    def __init__(
        self,
        paths: Iterable[Path],
        known: Collection[str] = (),
        *,
        flat: bool = False,
        resource_type: str = "",
    ) -> None:
        """Group the paths by the attribute that they begin at.

        Args:
            paths: the sensitive ones, of any state that is compared.
            known: sensitive texts, hidden wherever they stand alone.
            flat: whether attributes have the names of the legacy form, `name.0.other`.
            resource_type: of the object, for names that only tell a secret there.
        """
        self._known = known
        self._type = resource_type
        self._flat = flat
        self._everything = False
        self._by_name: dict[str, list[Path]] = {}
        if resource_type == "terraform_data":  # its output is its input, and is never marked
            paths = [*paths]
            paths += [("output", *path[1:]) for path in paths if path[:1] == ("input",)]
        for path in paths:
            if path:
                rest = () if flat else path[1:]
                self._by_name.setdefault(str(path[0]), []).append(rest)
            else:
                self._everything = True

    def wrap(self, name: str, value: Any) -> Any:
        """Return an attribute's value in which each sensitive part is a `Secret`."""
        if self._everything:
            return _secret(value)
        paths = self._by_name.get(name.partition(".")[0] if self._flat else name, ())
        hidden = is_secret_name(name, self._type)
        if not paths and not hidden and type(value) is str:
            return Secret(value) if value in self._known else value
        return wrap(value, paths, self._known, by_name=True, hidden=hidden)


def wrap(
    value: Any,
    paths: Collection[Path],
    known: Collection[str],
    *,
    by_name: bool = False,
    hidden: bool = False,
) -> Any:
    """Return a value in which each sensitive part is a `Secret`.

    Args:
        value: as decoded.
        paths: the ways to sensitive parts of it.
        known: sensitive texts, hidden wherever they stand alone.
        by_name: whether to hide texts in it that are named like secrets.
        hidden: whether the value itself is named like one.
    """
    if not paths and not isinstance(value, dict | list):
        secret = isinstance(value, str) and value and (hidden or value in known)
        return Secret(value) if secret else value
    if () in paths:
        return _secret(value)
    if is_dynamic(value):  # the ways lead through it as if its type were not beside it
        inner = wrap(value["value"], paths, known, by_name=by_name, hidden=hidden)
        return {**value, "value": inner}
    if isinstance(value, dict):
        return {
            name: wrap(
                each,
                [path[1:] for path in paths if str(path[0]) == name],
                known,
                by_name=by_name,
                hidden=by_name and is_secret_name(name),
            )
            for name, each in value.items()
        }
    if isinstance(value, list):
        if any(isinstance(path[0], str) for path in paths):
            return Secret(value)  # a way that cannot be followed hides all
        return [
            wrap(
                each,
                [path[1:] for path in paths if path[0] == index],
                known,
                by_name=by_name,
                hidden=hidden,
            )
            for index, each in enumerate(value)
        ]
    return _secret(value)  # a way that leads on where nothing is hides it too


def unwrap(value: Any) -> Any:
    """Return a value as it is, for comparing only."""
    return _replace(value, lambda secret: secret.value)


def publish(value: Any) -> Any:
    """Return a value in which `Sensitive` stands for each secret."""
    return _replace(value, lambda _: SENSITIVE)


def _replace(value: Any, by: Callable[["Secret"], Any]) -> Any:
    if isinstance(value, str):
        return value
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
