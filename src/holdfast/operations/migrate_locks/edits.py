"""Two edits of a body: adding `use_lockfile = true`, and taking `dynamodb_table` out.

Every byte that is not part of the edit stays as it is: comments, alignment, line ends, everything.
"""

import re
from dataclasses import dataclass

from holdfast.operations.migrate_locks.bodies import Argument, Body

LOCK_FILE = "use_lockfile"
TABLE = "dynamodb_table"

# What may follow an argument on its line and belongs to it: a comment that ends with the line.
_REST = re.compile(r"[ \t]*(?:(?:#|//)[^\n]*|/\*(?:(?!\*/)[^\n])*\*/[ \t]*)?(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace a span of the text, counted in characters."""

    start: int
    end: int
    text: str


def applied(text: str, edits: list[Edit]) -> str:
    """Return a text with edits made. They must not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def adding_lock_file(text: str, body: Body) -> Edit | None:
    """Return the edit that makes a body say `use_lockfile = true`; None if it says so already.

    The line goes below that of `dynamodb_table`, in its style.
    """
    present = body.arguments.get(LOCK_FILE)
    if present is not None:
        return None if present.value is True else _now_true(present)
    table = body.arguments[TABLE]
    line_start = text.rfind("\n", 0, table.start) + 1
    if body.braces and body.start > line_start and "\n" not in text[body.start : body.end]:
        return _on_lines_of_their_own(text, body, table)
    indent = _indent_at(text, table.start)
    line = indent + _like(text, table)
    rest = _rest_of_line(text, table)
    if rest is None:  # a comment begins here and goes on below
        return Edit(table.start, table.start, f"{line.lstrip()}{_newline(text)}{indent}")
    if rest == len(text) and not text.endswith("\n"):
        return Edit(rest, rest, _newline(text) + line)
    return Edit(rest, rest, line + _newline(text, before=rest))


def removing_table(text: str, body: Body) -> Edit | None:
    """Return the edit that takes `dynamodb_table` out of a body; None if it is not there.

    Its line goes, with a comment at the line's end. Comments above it stay.
    """
    table = body.arguments.get(TABLE)
    if table is None:
        return None
    line_start = text.rfind("\n", 0, table.start) + 1
    rest = _rest_of_line(text, table)
    if rest is not None and not text[line_start : table.start].strip(" \t\ufeff"):
        start = line_start + (1 if text[line_start:].startswith("\ufeff") else 0)
        return Edit(start, rest, "")
    inside = text[body.start : body.end]
    if body.braces and inside.strip() == text[table.start : table.end]:
        return Edit(body.start, body.end, "")  # { dynamodb_table = "t" }
    return Edit(table.start, table.end, "")


def _now_true(present: Argument) -> Edit:
    return Edit(present.equals[1], present.end, "true")


def _like(text: str, table: Argument) -> str:
    """Return the argument as it is written beside the table's: aligned if that may be."""
    around = text[table.equals[0] : table.equals[1]]
    left, _, right = around.partition("=")
    if left:
        left += " " * (len(TABLE) - len(LOCK_FILE))
    return f"{LOCK_FILE}{left}={right}true"


def _on_lines_of_their_own(text: str, body: Body, table: Argument) -> Edit:
    """Open a block of one line: HCL allows no second argument in it."""
    newline, indent = _newline(text), _indent_at(text, body.start)
    inside = text[body.start : body.end].strip(" \t")
    lines = [inside, _like(text, table)]
    block = "".join(f"{newline}{indent}  {line}" for line in lines)
    return Edit(body.start, body.end, f"{block}{newline}{indent}")


def _rest_of_line(text: str, argument: Argument) -> int | None:
    """Return where the line after an argument begins; None if something else follows on its own."""
    if text[: argument.end].endswith("\n"):  # a heredoc ends with its line
        return argument.end
    found = _REST.match(text, argument.end)
    return found.end() if found else None


def _indent_at(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position].lstrip("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _newline(text: str, *, before: int | None = None) -> str:
    """Return the line end in use: that of the line that ends at a place, or the first of the text."""
    if before is not None:
        return "\r\n" if text[:before].endswith("\r\n") else "\n"
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
