"""The names and values that a request gives to its expressions; each must be used."""

import re
from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.nodes import Literal, Parameter, Path
from holdfast.server.dynamodb.expressions.tokens import refusal
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.values import AttributeValue, checked, item_size

MAX_NAME_BYTES = 255
MAX_VALUES_BYTES = 2 << 20  # of all values together
_NAMES = "ExpressionAttributeNames"
_VALUES = "ExpressionAttributeValues"
_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")


class Bindings:
    """Resolves `#names` and `:values`, and knows which ones nobody asked for."""

    __slots__ = ("_names", "_unused_names", "_unused_values", "_values")

    def __init__(self, params: Mapping[str, Any], members: tuple[str, ...] = ()) -> None:
        """Check the names and values of a request.

        Args:
            params: the request.
            members: the parameters of this operation that hold an expression.

        Raises:
            ServiceError: ValidationException, in DynamoDB's words.
        """
        self._names: Mapping[str, str] = params.get(_NAMES, {})
        given: Mapping[str, AttributeValue] = params.get(_VALUES, {})
        if _NAMES in params:
            _require_use(params, _NAMES, members)
            _require_syntax(_NAMES, self._names, _NAME)
        if _VALUES in params:
            _require_use(params, _VALUES, members)
            _require_syntax(_VALUES, given, _VALUE)
        self._values = {name: _checked_value(name, value) for name, value in given.items()}
        if given and item_size(self._values) > MAX_VALUES_BYTES:
            raise invalid(f"{_VALUES} exceeds max size")
        self._unused_names = set(self._names)
        self._unused_values = set(self._values)

    def path(self, kind: str, path: Path) -> Path:
        """Return a path with its `#names` resolved.

        Raises:
            ServiceError: one is not defined.
        """
        if not any(isinstance(part, str) and part[0] == "#" for part in path.parts):
            return path
        return Path(tuple(self._part(kind, part) for part in path.parts))

    def _part(self, kind: str, part: str | int) -> str | int:
        if isinstance(part, int) or part[0] != "#":
            return part
        if part not in self._names:
            raise refusal(
                kind,
                "An expression attribute name used in the document path is not defined; "
                f"attribute name: {part}",
            )
        self._unused_names.discard(part)
        return self._names[part]

    def value(self, kind: str, parameter: Parameter) -> Literal:
        """Return the value of a parameter.

        Raises:
            ServiceError: it is not defined.
        """
        name = parameter.name
        if name not in self._values:
            raise refusal(
                kind,
                "An expression attribute value used in expression is not defined; "
                f"attribute value: {name}",
            )
        self._unused_values.discard(name)
        return Literal(self._values[name])

    def finish(self) -> None:
        """Check that every name and value was used.

        Raises:
            ServiceError: one was not.
        """
        for member, unused in ((_NAMES, self._unused_names), (_VALUES, self._unused_values)):
            if unused:
                keys = ", ".join(sorted(unused))
                raise invalid(f"Value provided in {member} unused in expressions: keys: {{{keys}}}")


def _require_use(params: Mapping[str, Any], member: str, members: tuple[str, ...]) -> None:
    if any(name in params for name in members):
        return
    message = f"{member} can only be specified when using expressions"
    if member == _VALUES:
        verb = "is" if len(members) == 1 else "are"
        message += f": {' and '.join(members)} {verb} null"
    raise invalid(message)


def _require_syntax(member: str, given: Mapping[str, Any], pattern: re.Pattern[str]) -> None:
    if not given:
        raise invalid(f"{member} must not be empty")
    for key, value in given.items():
        if not pattern.fullmatch(key):
            raise invalid(f'{member} contains invalid key: Syntax error; key: "{key}"')
        if len(key.encode()) > MAX_NAME_BYTES:
            raise invalid(
                f"{member} contains invalid key: The expression attribute map contains a key that "
                f"is too long; size of key: {len(key.encode())}"
            )
        if member == _NAMES and not value:
            raise invalid(f"{member} contains invalid value: Empty attribute name for key {key}")


def _checked_value(name: str, value: AttributeValue) -> AttributeValue:
    try:
        return checked(value)
    except ServiceError as error:
        raise invalid(f"{_VALUES} contains invalid value: {error.message} for key {name}") from None
