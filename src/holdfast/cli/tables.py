"""Tables: with colours and folded to the width on a terminal, plain aligned text when piped."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from holdfast.cli.colours import Style, coloured, safe, styled

if TYPE_CHECKING:
    from rich.console import Console

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading; numbers are aligned right; an unbroken one is never folded."""

    heading: str
    right: bool = False
    unbroken: bool = False


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
    if sys.stdout.isatty() or coloured(sys.stdout):
        _print_rich(heads, cells)
    else:
        _print_plain(heads, cells)


def print_fields(fields: Iterable[tuple[str, Value]]) -> None:
    """Print names and values, one a line, with the values aligned. None is left out."""
    shown = [(name, _cell(value)) for name, value in fields if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, cell in shown:
        print(f"{styled(name.ljust(width), Style.DIM)}{_GAP}{styled(cell.text, cell.style)}")


def console(stream: TextIO | None = None) -> "Console":
    """Return a rich console for what a table cannot show, such as a tree.

    It prints no markup, no emoji and no highlights of its own; when piped it neither colours nor
    folds. Pass text through `safe`, and build `rich.text.Text`, never markup from a state's text.
    """
    from rich.console import Console

    out = stream or sys.stdout
    return Console(
        file=out,
        color_system="auto" if coloured(out) else None,
        force_terminal=coloured(out),
        no_color=not coloured(out),
        width=None if out.isatty() else 10_000,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=not out.isatty(),
    )


def _cell(value: Value) -> Cell:
    if isinstance(value, Cell):
        return Cell(safe(value.text), value.style)
    return Cell("-" if value is None else safe(f"{value}"))


def _print_plain(heads: list[Column], cells: list[list[Cell]]) -> None:
    lines = [[head.heading for head in heads], *([cell.text for cell in row] for row in cells)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for line in lines:
        padded = (
            text.rjust(width) if head.right else text.ljust(width)
            for text, width, head in zip(line, widths, heads, strict=True)
        )
        print(_GAP.join(padded).rstrip())


def _print_rich(heads: list[Column], cells: list[list[Cell]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(
            head.heading,
            justify="right" if head.right else "left",
            no_wrap=head.unbroken,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*(Text(cell.text, style=cell.style.look) for cell in row))
    console().print(table)
