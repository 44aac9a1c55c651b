"""A state's values for showing, without secrets, and the values one by one for searching.

Terraform marks sensitive attributes; older versions do not mark those that a provider's schema
declares. So an attribute that is named like one that holds a secret counts as sensitive too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.terraform.changes import SENSITIVE
from holdfast.terraform.masking import Marks, Secret, known_secrets, publish, wrap
from holdfast.terraform.records import Instance, Output, Path, StateFile

_NAMED = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|private_key|secret_key|api_key|client_key"
    r"|secret_string|connection_string|kubeconfig|kube_config)(_(v\d|\d|pem|openssh|pkcs8|base64"
    r"|plaintext|value|data|string|binary|hash))*$",
    re.IGNORECASE,
)
_RESULTS = {("random_password", "result"), ("random_password", "bcrypt_hash")}


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
        marks = Marks(instance.sensitive, self._known, flat=instance.flat)
        kind = instance.resource.type
        wrapped: dict[str, Any] = {}
        for name, value in instance.attributes.items():
            if value and isinstance(value, str) and (kind, name) in _RESULTS:
                wrapped[name] = Secret(value)
            else:
                wrapped[name] = _by_name(name, marks.wrap(name, value))
        return wrapped


def without_types(value: Any) -> Any:
    """Return a value without the types that states keep beside values of dynamic type."""
    if isinstance(value, dict):
        if value.keys() == {"value", "type"} and isinstance(value["type"], str | list):
            return without_types(value["value"])
        return {name: without_types(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_types(each) for each in value]
    return value


def _by_name(name: str, value: Any) -> Any:
    """Make secrets of the texts whose attribute is named like one."""
    if isinstance(value, dict):
        return {inner: _by_name(inner, each) for inner, each in value.items()}
    if isinstance(value, list):
        return [_by_name(name, each) for each in value]
    if value and isinstance(value, str) and _NAMED.search(name.rpartition(".")[2]):
        return Secret(value)
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
