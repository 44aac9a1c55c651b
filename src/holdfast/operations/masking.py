"""A state's values for showing, without secrets, and the values one by one for searching.

Terraform marks sensitive attributes; older versions do not mark those that a provider's schema
declares. So an attribute that is named like one that holds a secret counts as sensitive too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.terraform.changes import SENSITIVE
from holdfast.terraform.dynamic import is_dynamic
from holdfast.terraform.masking import Marks, Secret, known_secrets, publish, wrap
from holdfast.terraform.records import Instance, Output, Path, StateFile


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value inside attributes that holds no others, and the way to it."""

    path: Path
    value: Any
    sensitive: bool


class Masker:
    """Tells the secrets of one state from its other values."""

    def __init__(self, state: StateFile) -> None:
        self._known = frozenset(known_secrets(state))

    def attributes(self, instance: Instance) -> dict[str, Any]:
        """Return the attributes of an instance, `SENSITIVE` in the place of secrets."""
        return {name: publish(value) for name, value in self._wrapped(instance).items()}

    def output(self, output: Output) -> Any:
        """Return the value of an output, `SENSITIVE` in the place of secrets."""
        return SENSITIVE if output.sensitive else publish(wrap(output.value, (), self._known))

    def leaves(self, instance: Instance) -> Iterator[Leaf]:
        """Yield every value of an instance, the secret ones too."""
        yield from _leaves((), without_types(self._wrapped(instance)), sensitive=False)

    def _wrapped(self, instance: Instance) -> dict[str, Any]:
        kind = instance.resource.type
        marks = Marks(instance.sensitive, self._known, flat=instance.flat, resource_type=kind)
        return {name: marks.wrap(name, value) for name, value in instance.attributes.items()}


def without_types(value: Any) -> Any:
    """Return a value without the types that states keep beside values of dynamic type."""
    if is_dynamic(value):
        return value["value"]
    if isinstance(value, dict):
        return {name: without_types(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_types(each) for each in value]
    return value


def _leaves(path: Path, value: Any, *, sensitive: bool) -> Iterator[Leaf]:
    if isinstance(value, Secret):
        yield from _leaves(path, value.value, sensitive=True)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves((*path, name), each, sensitive=sensitive)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves((*path, index), each, sensitive=sensitive)
    else:
        yield Leaf(path, value, sensitive)
