"""What AWS's model demands of values, checked as its JSON and query services do: all faults at once.

The message is that of AWS's validation: "1 validation error detected: Value null at 'tableName'
failed to satisfy constraint: Member must not be null".
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from holdfast.aws.compiled import Compiled
from holdfast.aws.errors import ServiceError
from holdfast.aws.shapes import Shape

Check = Callable[[Any, str, list[str]], None]  # value, path, problems

_MOST_PROBLEMS = 10  # each quotes what it is about, so nobody may ask for many
_MOST_CHARACTERS = 2000  # of a value that is quoted
_checks: Compiled[Check | None] = Compiled()


def check(shape: Shape, params: dict[str, Any], code: str) -> None:
    """Check the parameters of an operation.

    Args:
        shape: the operation's input.
        params: what the client sent, parsed.
        code: ValidationException or ValidationError.

    Raises:
        ServiceError: with that code, naming up to ten faults.
    """
    test = checker(shape)
    if test is None:
        return
    problems: list[str] = []
    test(params, "", problems)
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        plural = "error" if len(shown) == 1 else "errors"
        raise ServiceError(
            code, f"{len(shown)} validation {plural} detected: " + "; ".join(shown), status=400
        )


def checker(shape: Shape) -> Check | None:
    """Return a function that adds what is wrong with a value to a list; None if nothing can be."""
    return _checks.get(shape, lambda: _make(shape) if _constrained(shape, set()) else None)


def _constrained(shape: Shape, seen: set[Shape]) -> bool:
    if shape in seen:
        return False
    seen.add(shape)
    members = list(shape.members.values())
    inner = [*members, *(member for member in (shape.element, shape.value) if member)]
    return (
        bool(_own_tests(shape))
        or any(member.required for member in members)
        or any(_constrained(member.shape, seen) for member in inner)
    )


def _make(shape: Shape) -> Check:
    if shape.type == "structure":
        return _structure_check(shape)
    if shape.type == "list":
        return _list_check(shape)
    return _map_check(shape) if shape.type == "map" else _scalar_check(shape)


def _structure_check(shape: Shape) -> Check:
    members: list[tuple[str, str, bool, Check | None]] = []

    def check_structure(value: Any, path: str, problems: list[str]) -> None:
        for name, label, required, within in members:
            inner = value.get(name)
            if inner is None:
                if required:
                    problems.append(_problem(None, path + label, "Member must not be null"))
            elif within is not None:
                within(inner, path + label, problems)

    def check_nested(value: Any, path: str, problems: list[str]) -> None:
        check_structure(value, f"{path}." if path else "", problems)

    _checks.announce(shape, check_nested)  # before its members: it may contain itself
    for member in shape.members.values():
        within = checker(member.shape)
        if within is not None or member.required:
            label = member.name[:1].lower() + member.name[1:]
            members.append((member.name, label, member.required, within))
    return check_nested


def _list_check(shape: Shape) -> Check:
    own, within = _own_tests(shape), checker(shape.item.shape)

    def check_list(value: Any, path: str, problems: list[str]) -> None:
        _apply(shape, own, value, path, problems)
        if within is not None:
            for number, item in enumerate(value, 1):
                if len(problems) >= _MOST_PROBLEMS:
                    return
                within(item, f"{path}.{number}.member", problems)

    return check_list


def _map_check(shape: Shape) -> Check:
    """Check a map, and its values: what a value itself must be is said of the whole map."""
    inner = shape.entry[1].shape
    own, each, within = _own_tests(shape), _own_tests(inner), checker(inner)
    demands = ", ".join(demand for _, demand in reversed(each))

    def check_map(value: Any, path: str, problems: list[str]) -> None:
        _apply(shape, own, value, path, problems)
        if not each and within is None:
            return
        for name, item in value.items():
            if len(problems) >= _MOST_PROBLEMS:
                return
            if not all(holds(item) for holds, _ in each):
                demand = f"Map value must satisfy constraint: [{demands}]"
                problems.append(_problem(value, path, demand, hidden=shape.sensitive))
            elif within is not None:
                within(item, f"{path}.{name}.member", problems)

    return check_map


def _scalar_check(shape: Shape) -> Check:
    own = _own_tests(shape)

    def check_scalar(value: Any, path: str, problems: list[str]) -> None:
        _apply(shape, own, value, path, problems)

    return check_scalar


_Test = tuple[Callable[[Any], bool], str]  # holds, demand


def _apply(shape: Shape, tests: list[_Test], value: Any, path: str, problems: list[str]) -> None:
    for holds, demand in tests:
        if not holds(value):
            problems.append(_problem(value, path, demand, hidden=shape.sensitive))


def _own_tests(shape: Shape) -> list[_Test]:
    tests: list[_Test] = []
    numeric = shape.type in ("integer", "long", "float", "double")
    if shape.enum:
        allowed = frozenset(shape.enum)
        words = ", ".join(shape.enum)
        tests.append((allowed.__contains__, f"Member must satisfy enum value set: [{words}]"))
    measure: Callable[[Any], float] = (lambda value: value) if numeric else len
    noun = "value" if numeric else "length"
    if shape.minimum is not None and (shape.minimum > 0 or numeric):
        tests.append(_at_least(shape.minimum, measure, noun))
    if shape.maximum is not None:
        tests.append(_at_most(shape.maximum, measure, noun))
    if shape.pattern and shape.type == "string":
        tests.extend(_matching(shape.pattern))
    return tests


def _at_least(least: float, measure: Callable[[Any], float], noun: str) -> _Test:
    demand = f"Member must have {noun} greater than or equal to {least:.0f}"
    return (lambda value: measure(value) >= least, demand)


def _at_most(most: float, measure: Callable[[Any], float], noun: str) -> _Test:
    demand = f"Member must have {noun} less than or equal to {most:.0f}"
    return (lambda value: measure(value) <= most, demand)


def _matching(pattern: str) -> list[_Test]:
    try:
        matches = re.compile(pattern, re.ASCII).fullmatch
    except re.error:
        return []  # a Java pattern such as \p{L}: left to the handler
    demand = f"Member must satisfy regular expression pattern: {pattern}"
    return [(lambda value: matches(value) is not None, demand)]


def _problem(value: Any, path: str, demand: str, *, hidden: bool = False) -> str:
    shown = "Value" if hidden else f"Value {_shown(value)}"
    return f"{shown} at '{path}' failed to satisfy constraint: {demand}"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    shown, size = [], 0
    for piece in _java(value):
        shown.append(piece)
        size += len(piece)
        if size >= _MOST_CHARACTERS:  # the rest of it is not even written
            break
    return f"'{''.join(shown)[:_MOST_CHARACTERS]}'"


def _java(value: Any) -> Iterator[str]:
    """Write a value as AWS's messages do, piece by piece."""
    if isinstance(value, bytes):
        yield f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            yield ", " if number else ""
            yield from _java(item)
        yield "]"
    elif isinstance(value, dict):
        yield "{"
        for number, (name, item) in enumerate(value.items()):
            yield f", {name}=" if number else f"{name}="
            yield from _java(item)
        yield "}"
    else:
        yield str(value)
