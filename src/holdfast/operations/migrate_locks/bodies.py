"""Where backend arguments stand in the text of a `.tf` or `.tfbackend` file, to the character.

The HCL library parses; what is kept are places in the text, so that an edit touches nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Any  # a tree of the parser, or a token in one

BOM = "\ufeff"  # which HCL allows at the start of a file, and the library does not
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


class UnreadableHcl(ValueError):
    """A file is not HCL, as far as the library can tell."""


class NotLiteral:
    """The value of an argument that only Terraform can work out."""

    def __repr__(self) -> str:
        return "(not a literal)"


NOT_LITERAL = NotLiteral()


@dataclass(frozen=True, slots=True)
class Argument:
    """One `name = value` of a body. Places count characters from the start of the text."""

    name: str
    value: Any  # text, number, boolean, None or NOT_LITERAL; lists and maps of these
    start: int
    equals: tuple[int, int]  # from the end of the name to the value
    end: int
    line: int  # from 1


@dataclass(frozen=True, slots=True)
class Body:
    """The arguments of a `backend` block, or of a whole `.tfbackend` file."""

    type: str  # of the backend, such as "s3"; empty for a `.tfbackend` file
    line: int
    start: int  # of what stands between the braces
    end: int
    arguments: Mapping[str, Argument]
    braces: bool  # False for a whole file

    def value(self, name: str) -> Any:
        """Return the value of an argument, None if it is not there."""
        found = self.arguments.get(name)
        return found.value if found else None


def backend_blocks(text: str) -> list[Body]:
    """Return the backend blocks of a `.tf` file.

    Raises:
        UnreadableHcl: it cannot be parsed.
    """
    if "backend" not in text:  # most files: parsing is slow
        return []
    offset, tree = _parsed(text)
    found: list[Body] = []
    for block, labels in _blocks(_body_of(tree)):
        if labels != ["terraform"]:
            continue
        for inner, names in _blocks(_body_of(block)):
            if len(names) == 2 and names[0] == "backend":
                found.append(_block_body(inner, names[1], offset))
    return found


def whole_file(text: str) -> Body:
    """Return the arguments of a `.tfbackend` file.

    Raises:
        UnreadableHcl: it cannot be parsed.
    """
    offset, tree = _parsed(text)
    return Body("", 1, offset, len(text), _arguments(_body_of(tree), offset), braces=False)


def _parsed(text: str) -> tuple[int, Node]:
    import hcl2
    from lark.exceptions import LarkError

    offset = len(BOM) if text.startswith(BOM) else 0
    try:
        return offset, hcl2.parses_to_tree(text[offset:])
    except LarkError as error:
        line = getattr(error, "line", None)
        where = f"line {line}: " if isinstance(line, int) and line > 0 else ""
        raise UnreadableHcl(f"{where}this is not HCL that can be read") from error


def _body_of(tree: Node) -> Node:
    return _children(tree, "body")[-1]


def _children(tree: Node, kind: str) -> list[Node]:
    return [each for each in tree.children if not _is_token(each) and each.data == kind]


def _is_token(node: Any) -> bool:
    return not hasattr(node, "children")


def _blocks(body: Node) -> Iterator[tuple[Node, list[str]]]:
    """Yield the blocks directly in a body with their type and labels."""
    for block in _children(body, "block"):
        names: list[str] = []
        for part in block.children:
            if _is_token(part) or part.data in {"body", "new_line_or_comment"}:
                continue
            names.append(_plain_text(part).strip('"'))
        yield block, names


def _block_body(block: Node, kind: str, offset: int) -> Body:
    opening = next(each for each in block.children if getattr(each, "type", "") == "LBRACE")
    closing = block.children[-1]
    return Body(
        kind,
        int(block.meta.line),
        opening.end_pos + offset,
        closing.start_pos + offset,
        _arguments(_body_of(block), offset),
        braces=True,
    )


def _arguments(body: Node, offset: int) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    for each in _children(body, "attribute"):
        name, _, value = each.children
        argument = Argument(
            _plain_text(name),
            _literal(value),
            each.meta.start_pos + offset,
            (name.meta.end_pos + offset, value.meta.start_pos + offset),
            value.meta.end_pos + offset,
            int(each.meta.line),
        )
        found[argument.name] = argument
    return found


def _plain_text(tree: Node) -> str:
    return "".join(str(token) for token in tree.scan_values(lambda _: True))


def _literal(tree: Node) -> Any:
    """Return the value of an expression that is a literal, or NOT_LITERAL."""
    kind = str(tree.data)
    inner = [each for each in tree.children if not _is_token(each)]
    inner = [each for each in inner if each.data != "new_line_or_comment"]
    if kind == "expr_term" and len(inner) == 1 and len(tree.children) == 1:
        return _literal(inner[0])
    if kind == "string":
        return _string(tree)
    if kind == "literal_value":
        return _LITERALS[_plain_text(tree)]
    if kind == "int_lit":
        return int(_plain_text(tree))
    if kind == "tuple":
        return [_literal(each) for each in inner]
    if kind == "object":
        pairs = [[c for c in each.children if not _is_token(c)] for each in inner]
        return {_plain_text(key).strip('"'): _literal(value) for key, value in pairs}
    return NOT_LITERAL


def _string(tree: Node) -> Any:
    import json

    text = _plain_text(tree)
    if any(token.type in {"INTERP_START", "DIRECTIVE_START"} for token in tree.scan_values(bool)):
        return NOT_LITERAL
    try:
        return json.loads(text, strict=False).replace("$${", "${").replace("%%{", "%{")
    except ValueError:  # an escape that JSON does not have: \UXXXXXXXX
        return NOT_LITERAL
