"""Tables: aligned text, with colours on a terminal. No cell is folded or cut: people copy ids."""

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.cli.colours import Style, safe, styled

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading; numbers are aligned right; an optional one gives way if it is narrow."""

    heading: str
    right: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a meaning."""

    text: str
    style: Style = Style.PLAIN


Value = Cell | str | int | None  # None is printed as `-`


def print_table(
    columns: Sequence[Column | str], rows: Iterable[Sequence[Value]], *, empty: str = ""
) -> None:
    """Print a table on standard output.

    Args:
        columns: columns, or just their headings.
        rows: as many values each as there are columns. Their text is made safe here.
        empty: what to say, on standard error, when there are no rows.
    """
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        if empty:
            print(empty, file=sys.stderr)
        return
    widths = [
        max(len(head.heading), *(width_of(row[at].text) for row in cells))
        for at, head in enumerate(heads)
    ]
    shown = _fitting(heads, widths)
    _print_line([Cell(head.heading, Style.STRONG) for head in heads], heads, widths, shown)
    for row in cells:
        _print_line(row, heads, widths, shown)


def print_fields(fields: Iterable[tuple[str, Value]]) -> None:
    """Print names and values, one a line, with the values aligned. None is left out."""
    shown = [(name, _cell(value)) for name, value in fields if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, cell in shown:
        print(f"{styled(name.ljust(width), Style.DIM)}{_GAP}{styled(cell.text, cell.style)}")


def width_of(text: str) -> int:
    """Return how many columns a text takes on a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def _cell(value: Value) -> Cell:
    if isinstance(value, Cell):
        return Cell(safe(value.text), value.style)
    return Cell("-" if value is None else safe(f"{value}"))


def _fitting(heads: list[Column], widths: list[int]) -> list[int]:
    """Return which columns to show: all when piped, without optional ones on a narrow terminal."""
    shown = list(range(len(heads)))
    if not sys.stdout.isatty():
        return shown
    room = shutil.get_terminal_size().columns
    for at in reversed(range(len(heads))):
        if sum(widths[each] + len(_GAP) for each in shown) - len(_GAP) <= room:
            break
        if heads[at].optional:
            shown.remove(at)
    return shown


def _print_line(
    cells: list[Cell], heads: list[Column], widths: list[int], shown: list[int]
) -> None:
    texts = []
    for at in shown:
        cell, width = cells[at], widths[at]
        last = at == shown[-1] and not heads[at].right
        padding = " " * (0 if last else width - width_of(cell.text))
        text = styled(cell.text, cell.style) if cell.text else ""
        texts.append(padding + text if heads[at].right else text + padding)
    print(_GAP.join(texts).rstrip())
