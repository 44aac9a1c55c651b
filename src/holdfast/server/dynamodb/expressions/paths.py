"""Document paths: looking one up, and several of them as a tree that picks parts of an item."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from holdfast.server.dynamodb.expressions.nodes import Path
from holdfast.server.dynamodb.expressions.tokens import refusal
from holdfast.server.dynamodb.values import Attributes, AttributeValue

# By the next part of the path: the rest of the tree, or the path that ends there.
PathTree: TypeAlias = dict[str | int, "PathTree | Path"]


def lookup(path: Path, item: Mapping[str, AttributeValue]) -> AttributeValue | None:
    """Return what an item has at a bound path."""
    parts = path.parts
    found = item.get(str(parts[0]))
    for part in parts[1:]:
        if found is None:
            return None
        if isinstance(part, int):
            elements = found.get("L", ())
            found = elements[part] if part < len(elements) else None
        else:
            found = found.get("M", {}).get(part)
    return found


def arrange(kind: str, paths: Sequence[Path]) -> PathTree:
    """Return bound paths as a tree.

    Args:
        kind: the parameter they are from, for the message.
        paths: the paths.

    Raises:
        ServiceError: one contains another, or uses as a list what another uses as a map.
    """
    tree: PathTree = {}
    for path in paths:
        _insert(kind, tree, path)
    return tree


def _insert(kind: str, tree: PathTree, path: Path) -> None:
    node = tree
    *inner, last = path.parts
    for part in inner:
        _require_same_sort(kind, node, part, path)
        child = node.setdefault(part, {})
        if isinstance(child, Path):
            raise _collision(kind, "overlap", child, path)
        node = child
    _require_same_sort(kind, node, last, path)
    if last in node:
        raise _collision(kind, "overlap", _first(node[last]), path)
    node[last] = path


def _require_same_sort(kind: str, node: PathTree, part: str | int, path: Path) -> None:
    if node and isinstance(next(iter(node)), int) is not isinstance(part, int):
        raise _collision(kind, "conflict", _first(node), path)


def _first(node: PathTree | Path) -> Path:
    while not isinstance(node, Path):
        node = next(iter(node.values()))
    return node


def _collision(kind: str, verb: str, one: Path, two: Path) -> Exception:
    return refusal(
        kind,
        f"Two document paths {verb} with each other; must remove or rewrite one of these paths; "
        f"path one: {one}, path two: {two}",
    )


def pick(tree: PathTree, item: Mapping[str, AttributeValue]) -> Attributes:
    """Return the parts of an item that a tree names; list elements close up."""
    picked: Attributes = {}
    for name, rest in tree.items():
        value = item.get(str(name))
        part = None if value is None else _part(rest, value)
        if part is not None:
            picked[str(name)] = part
    return picked


def _part(rest: PathTree | Path, value: AttributeValue) -> AttributeValue | None:
    if isinstance(rest, Path):
        return value
    if isinstance(next(iter(rest)), int):
        return _list_part(rest, value)
    inner = pick(rest, value.get("M", {}))
    return {"M": inner} if inner else None


def _list_part(rest: PathTree, value: AttributeValue) -> AttributeValue | None:
    elements = value.get("L", ())
    picked: list[AttributeValue] = []
    for index in sorted(int(part) for part in rest):
        if index < len(elements):
            part = _part(rest[index], elements[index])
            if part is not None:
                picked.append(part)
    return {"L": picked} if picked else None
