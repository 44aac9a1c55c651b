"""Where backend arguments stand in the text of a `.tf` or `.tfbackend` file, to the character.

The HCL library parses; what is kept are places in the text, so that an edit touches nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.client.config import hcl

_MAY_HOLD_A_BLOCK = re.compile(r"\bbackend\b[^\n]*\bs3\b")
BOM = "\ufeff"


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
        UnreadableHcl: it cannot be parsed, and may hold a block of the s3 backend.
    """
    if not _MAY_HOLD_A_BLOCK.search(text):  # most files: parsing is slow
        return []
    return [
        Body(block.labels[0], block.line, *block.inside, _arguments(block), braces=True)
        for terraform in _parsed(text).find("terraform")
        for block in terraform.find("backend")
        if len(block.labels) == 1
    ]


def whole_file(text: str) -> Body:
    """Return the arguments of a `.tfbackend` file.

    Raises:
        UnreadableHcl: it cannot be parsed.
    """
    start = len(BOM) if text.startswith(BOM) else 0
    return Body("", 1, start, len(text), _arguments(_parsed(text)), braces=False)


def _parsed(text: str) -> hcl.Block:
    try:
        return hcl.parse(text)
    except hcl.Unparsable as error:
        raise UnreadableHcl(f"line {error.line}: this is not HCL that can be read") from error


def _arguments(body: hcl.Block) -> dict[str, Argument]:
    return {each.name: _argument(each) for each in body.attributes}


def _argument(found: hcl.Attribute) -> Argument:
    return Argument(
        found.name,
        NOT_LITERAL if isinstance(found.value, hcl.Expression) else found.value,
        found.start,
        (found.start + len(found.name), found.value_start),
        found.end,
        found.line,
    )
