"""Reads HCL files: blocks and attributes with their lines and places, constant values evaluated.

What depends on variables or functions stays an `Expression`, as Terraform allows neither in a
backend block. Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Token, Tree

_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|\$\$\{|%%\{')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED_TEMPLATE = re.compile(r"\$\$\{|%%\{")
_TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_STRIPPING = re.compile(r"(?<=[$%]\{)~|~(?=\})")  # ${~ x ~}, which the parser does not know


class Unparsable(Exception):
    """Text that is not HCL. `line` counts from 1; `reason` is a short sentence."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that is known only to Terraform: it names a variable or calls a function."""

    text: str


Value = str | int | float | bool | list[Any] | dict[str, Any] | Expression | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`, with its place in the text: `text[start:end]` is all of it."""

    name: str
    value: Value
    line: int
    start: int
    end: int
    value_start: int


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { ... }`, with its place in the text: `text[start:end]` is all of it."""

    kind: str
    labels: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    blocks: "tuple[Block, ...]"
    line: int
    start: int
    end: int
    inside: tuple[int, int]  # what stands between the braces

    def find(self, kind: str) -> "Iterator[Block]":
        """Yield the inner blocks of a kind."""
        return (block for block in self.blocks if block.kind == kind)


def parse(text: str) -> Block:
    """Read a file; its body is a block without a kind.

    Raises:
        Unparsable: the text is not HCL.
    """
    import hcl2
    from lark.exceptions import LarkError, UnexpectedInput

    plain = text.removeprefix("\ufeff")
    try:
        # The parser wants a closing brace after an escaped opening one. Places stay the same.
        escaped = _ESCAPED_TEMPLATE.sub("\ue000" * 3, plain)
        tree = hcl2.parses_to_tree(_STRIPPING.sub(" ", escaped))
    except UnexpectedInput as error:
        raise Unparsable(max(error.line, 1), "the syntax is not valid here") from error
    except (LarkError, RecursionError) as error:
        raise Unparsable(1, "this is not valid HCL") from error
    return _Reader(text, len(text) - len(plain)).block(tree, tree.children[0])


def evaluate(text: str) -> Value:
    """Return the value of an expression, such as one of a command line.

    Raises:
        Unparsable: the text is not an expression.
    """
    return parse(f"value = {text}").attributes[0].value


class _Reader:
    """Turns the parser's tree into blocks and values. `skipped` characters precede its text."""

    def __init__(self, text: str, skipped: int) -> None:
        self._text = text
        self._skipped = skipped

    def block(self, tree: "Tree[Token]", body: Any) -> Block:
        attributes, blocks = [], []
        for child in _trees(body):
            if child.data == "attribute":
                attributes.append(self._attribute(child))
            elif child.data == "block":
                blocks.append(self.block(child, _trees(child)[-1]))
        names: list[str] = []
        if tree.data == "block":
            names = [self._name(child) for child in _trees(tree)[:-1] if child.data != _COMMENT]
        start, end, line = self._place(tree)
        kind = names[0] if names else ""
        inside = self._inside(tree) if names else (start, end)
        return Block(
            kind, tuple(names[1:]), tuple(attributes), tuple(blocks), line, start, end, inside
        )

    def _inside(self, block: "Tree[Token]") -> tuple[int, int]:
        braces: list[Any] = [child for child in block.children if not hasattr(child, "data")]
        return braces[0].end_pos + self._skipped, braces[-1].start_pos + self._skipped

    def _attribute(self, tree: "Tree[Token]") -> Attribute:
        name, *_, value = _trees(tree)
        start, end, line = self._place(tree)
        value_start = self._place(value)[0]
        return Attribute(self._name(name), self._value(value), line, start, end, value_start)

    def _place(self, tree: "Tree[Token]") -> tuple[int, int, int]:
        if tree.meta.empty:
            return 0, len(self._text), 1
        return (
            tree.meta.start_pos + self._skipped,
            tree.meta.end_pos + self._skipped,
            tree.meta.line,
        )

    def _source(self, tree: "Tree[Token]") -> str:
        start, end, _ = self._place(tree)
        return self._text[start:end].strip()

    def _name(self, tree: "Tree[Token]") -> str:
        if tree.data == "string":
            value = self._string(tree)
            return value if isinstance(value, str) else self._source(tree)
        return self._source(tree)

    def _value(self, tree: "Tree[Token]") -> Value:
        inner = [child for child in _trees(tree) if child.data != _COMMENT]
        match str(tree.data):
            case "expr_term" if len(inner) == 1:
                return self._value(inner[0])
            case "string":
                return self._string(tree)
            case "literal_value":
                return {"true": True, "false": False, "null": None}[self._source(tree)]
            case "int_lit":
                return int(self._source(tree))
            case "float_lit":
                return float(self._source(tree))
            case "unary_op" if self._source(tree).startswith("-"):
                return self._negative(tree, self._value(inner[0]))
            case "heredoc_template" | "heredoc_template_trim":
                return self._heredoc(tree)
            case "tuple":
                return self._whole([self._value(child) for child in inner], tree)
            case "object":
                pairs = (self._pair(child) for child in inner if child.data == "object_elem")
                return self._whole(dict(pairs), tree)
        return Expression(self._source(tree))

    def _negative(self, tree: "Tree[Token]", value: Value) -> Value:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value
        return Expression(self._source(tree))

    def _whole(self, value: list[Any] | dict[str, Any], tree: "Tree[Token]") -> Value:
        """Return a list or object whose members are all known; else it is an expression itself."""
        members = value.values() if isinstance(value, dict) else value
        if any(isinstance(member, Expression) for member in members):
            return Expression(self._source(tree))
        return value

    def _pair(self, tree: "Tree[Token]") -> tuple[str, Value]:
        key, *_, value = [child for child in _trees(tree) if child.data != _COMMENT]
        inner = _trees(_trees(key)[0]) if _trees(key) else []
        return self._name(inner[0] if inner else key), self._value(value)

    def _string(self, tree: "Tree[Token]") -> Value:
        parts = []
        for part in _trees(tree):
            inner = _trees(part)
            if inner:
                value = self._value(_trees(inner[0])[0]) if inner[0].data == "interpolation" else 0
                if not isinstance(value, str):
                    return Expression(self._source(tree))
                parts.append(value)
            else:
                parts.append(_unescaped(self._text[slice(*self._place(part)[:2])]))
        return "".join(parts)

    def _heredoc(self, tree: "Tree[Token]") -> Value:
        source = self._source(tree)
        if _TEMPLATE.search(source):
            return Expression(source)
        _, *lines, _ = source.splitlines(keepends=True)
        text = "".join(lines).replace("\r\n", "\n")
        if source.startswith("<<-"):
            text = textwrap.dedent(text)
        return text.replace("$${", "${").replace("%%{", "%{")


_COMMENT = "new_line_or_comment"


def _trees(tree: Any) -> list[Any]:
    return [child for child in tree.children if hasattr(child, "data")]


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return _ESCAPES[found[1]]
        code = found[2] or found[3]
        return chr(int(code, 16)) if code else found[0][1:]

    return _ESCAPE.sub(one, text)
