"""Updates: bound to names and values, checked, and applied to an item."""

from collections.abc import Iterable
from typing import Any

from holdfast.server.dynamodb import numbers, values
from holdfast.server.dynamodb.expressions import operands
from holdfast.server.dynamodb.expressions.bindings import Bindings
from holdfast.server.dynamodb.expressions.nodes import (
    Action,
    Arithmetic,
    Call,
    Literal,
    Operand,
    Path,
    Update,
)
from holdfast.server.dynamodb.expressions.paths import PathTree, arrange, lookup
from holdfast.server.dynamodb.expressions.tokens import refusal
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.values import Attributes, AttributeValue

_KIND = "UpdateExpression"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_NO_PATH = "The document path provided in the update expression is invalid for update"
_NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_TYPE_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}


def bind(update: Update, bindings: Bindings) -> tuple[Update, PathTree]:
    """Return an update with names and values in place, checked, and the tree of its paths.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    actions = tuple(_bind_action(action, bindings) for action in update.actions)
    tree = arrange(_KIND, [action.path for action in actions])
    for action in actions:
        if action.section in ("ADD", "DELETE"):
            _require_addable(action)
    for action in actions:
        if action.section == "SET" and action.operand is not None:
            operands.check(_KIND, action.operand)
    return Update(actions), tree


def _bind_action(action: Action, bindings: Bindings) -> Action:
    operand = action.operand
    return Action(
        action.section,
        bindings.path(_KIND, action.path),
        None if operand is None else operands.bind(_KIND, operand, bindings),
    )


def _require_addable(action: Action) -> None:
    found = operands.known_type(action.operand) if action.operand is not None else ""
    if found in _TYPE_NAMES and not (action.section == "ADD" and found == "N"):
        raise refusal(
            _KIND,
            f"Incorrect operand type for operator or function; operator: {action.section}, "
            f"operand type: {_TYPE_NAMES[found]}, typeSet: ALLOWED_FOR_{action.section}_OPERAND",
        )


def apply(update: Update, item: Attributes) -> Attributes:
    """Return an item with a bound update applied; every operand sees the item as it was.

    Args:
        update: the bound update.
        item: the item, or only its key if there is none; it stays as it is.

    Raises:
        ServiceError: ValidationException: a path leads nowhere, an operand is missing or of the
            wrong type, or the item would be nested too deeply.
    """
    placed = [
        (action.path, _operand(action.operand, item))
        for action in update.actions
        if action.section == "SET" and action.operand is not None
    ]
    changed = dict(item)
    for name in {str(action.path.parts[0]) for action in update.actions}:
        if name in changed:
            changed[name] = _copy(changed[name])
    _set_all(changed, placed)
    removed = [action.path for action in update.actions if action.section == "REMOVE"]
    for action in update.actions:
        if action.section in ("ADD", "DELETE") and isinstance(action.operand, Literal):
            emptied = _combine(changed, action.section, action.path, action.operand.value)
            removed += [action.path] if emptied else []
    _remove_all(changed, removed)
    for name in {str(action.path.parts[0]) for action in update.actions}:
        if name in changed:
            values.require_depth(changed[name])
    return changed


# ---- Operands ----------------------------------------------------------------------------


def _operand(operand: Operand, item: Attributes) -> AttributeValue:
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Arithmetic):
        left = _number(_operand(operand.left, item))
        right = _number(_operand(operand.right, item))
        return {"N": numbers.add(left, right, negate=operand.operator == "-")}
    if isinstance(operand, Call):
        return _function(operand, item)
    found = lookup(operand, item) if isinstance(operand, Path) else None
    if found is None:
        raise invalid(_NO_ATTRIBUTE)
    return found


def _function(call: Call, item: Attributes) -> AttributeValue:
    first, second = call.arguments
    if call.name == "if_not_exists":
        found = lookup(first, item) if isinstance(first, Path) else None
        return _operand(second, item) if found is None else found
    head, tail = _operand(first, item), _operand(second, item)
    if "L" not in head or "L" not in tail:
        raise invalid(_WRONG_TYPE)
    return {"L": [*head["L"], *tail["L"]]}


def _number(value: AttributeValue) -> str:
    if "N" not in value:
        raise invalid(_WRONG_TYPE)
    return str(value["N"])


# ---- Writing into a copy -----------------------------------------------------------------


def _copy(value: AttributeValue) -> AttributeValue:
    if "M" in value:
        return {"M": {name: _copy(part) for name, part in value["M"].items()}}
    if "L" in value:
        return {"L": [_copy(element) for element in value["L"]]}
    return value


def _container(item: Attributes, path: Path) -> Any:
    """Return the dict or list that holds the last part of a path."""
    *inner, last = path.parts
    if not inner:
        return item
    parent = lookup(Path(tuple(inner)), item)
    wanted = "L" if isinstance(last, int) else "M"
    if parent is None or wanted not in parent:
        raise invalid(_NO_PATH)
    return parent[wanted]


def _set_all(item: Attributes, placed: Iterable[tuple[Path, AttributeValue]]) -> None:
    # An index past the end appends; several of them in the order of their indexes.
    appended: list[tuple[int, list[AttributeValue], AttributeValue]] = []
    for path, value in placed:
        container, last = _container(item, path), path.parts[-1]
        if isinstance(last, int) and last >= len(container):
            appended.append((last, container, value))
        else:
            container[last] = _copy(value)
    for _, container, value in sorted(appended, key=lambda entry: entry[0]):
        container.append(_copy(value))


def _combine(item: Attributes, section: str, path: Path, operand: AttributeValue) -> bool:
    """Add to or delete from what is at a path; tell whether it is a set with nothing left."""
    container, last = _container(item, path), path.parts[-1]
    present = lookup(path, item)
    kind = values.type_of(operand)
    if present is not None and kind not in present:
        raise invalid(_WRONG_TYPE)
    if section == "ADD":
        combined = _added(kind, present, operand)
    elif present is None:
        return False
    else:
        doomed = set(operand[kind])
        combined = {kind: [member for member in present[kind] if member not in doomed]}
        if not combined[kind]:
            return True
    if isinstance(last, int) and last >= len(container):
        container.append(combined)
    else:
        container[last] = combined
    return False


def _added(kind: str, present: AttributeValue | None, operand: AttributeValue) -> AttributeValue:
    if present is None:
        return operand
    if kind == "N":
        return {"N": numbers.add(present["N"], operand["N"])}
    known = set(present[kind])
    return {kind: [*present[kind], *(new for new in operand[kind] if new not in known)]}


def _remove_all(item: Attributes, paths: Iterable[Path]) -> None:
    # From the highest index down, so that the ones before keep theirs.
    def order(path: Path) -> int:
        last = path.parts[-1]
        return last if isinstance(last, int) else -1

    doomed = [(_container(item, path), path) for path in paths]
    for container, path in sorted(doomed, key=lambda entry: -order(entry[1])):
        last = path.parts[-1]
        if isinstance(last, int):
            if last < len(container):
                del container[last]
        else:
            container.pop(last, None)
