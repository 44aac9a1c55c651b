"""When to colour, in which colours, and how text of others is made safe for a terminal."""

import os
import sys
from enum import Enum
from typing import Any, TextIO


class Style(Enum):
    """What a piece of text means; each has a look on a terminal and none elsewhere."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    STRONG = "strong"
    DIM = "dim"
    NAME = "name"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @property
    def look(self) -> str:
        """The colour, `bold` or `dim`; empty for none."""
        return _LOOKS.get(self, "")


_LOOKS = {
    Style.GOOD: "green",
    Style.BAD: "red",
    Style.WARNING: "yellow",
    Style.STRONG: "bold",
    Style.DIM: "dim",
    Style.NAME: "cyan",
    Style.ADDED: "green",
    Style.REMOVED: "red",
    Style.CHANGED: "yellow",
}


def coloured(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream.

    `NO_COLOR` (https://no-color.org) wins over `FORCE_COLOR`; otherwise a terminal is coloured.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def safe(text: str) -> str:
    """Return text without characters that move a cursor, break a line or change colours.

    What a lock or a state holds was written by somebody else.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def styled(text: str, style: Style, stream: TextIO | None = None) -> str:
    """Return text, in its colour where the stream (standard output if None) is coloured."""
    look = style.look
    if not look or not coloured(stream or sys.stdout):
        return text
    import click

    options: dict[str, Any] = {look: True} if look in ("bold", "dim") else {"fg": look}
    return click.style(text, **options)
