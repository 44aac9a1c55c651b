"""How entries of the journal are printed: as a table, as lines of text, as lines of JSON."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.cli.colours import Style, safe, styled
from holdfast.cli.tables import Cell, Column, Value, print_table

if TYPE_CHECKING:
    from holdfast.operations.journal import Entry

_COLUMNS: list[Column | str] = [
    Column("NUMBER", right=True, optional=True),
    "WHEN",
    "WHAT",
    "STATE",
    "BY",
    Column("TOOL", optional=True),
    "DETAILS",
]
# In columns of their own, or too long for a line; --json has all.
_HIDDEN = frozenset(
    {"at", "what", "principal", "access_key_id", "address", "tool", "bucket", "key", "state"}
    | {"lineage", "md5", "size"}
)
_BAD = ("refused", "failed")
_REMARKABLE = ("forced", "warned", "rewound", "override", "deleted", "disabled")


def print_entries(entries: "Sequence[Entry]") -> None:
    """Print a table."""
    print_table(_COLUMNS, [_row(entry) for entry in entries], empty="Nothing of that happened.")


def print_json_line(entry: "Entry") -> None:
    """Print an entry as a line of JSON, complete."""
    print(json.dumps(entry.document, ensure_ascii=False, separators=(",", ":")))


def print_line(entry: "Entry") -> None:
    """Print an entry as a line of text."""
    values = _row(entry)[1:]
    cells = [value if isinstance(value, Cell) else Cell(f"{value or '-'}") for value in values]
    print("  ".join(styled(safe(cell.text), cell.style) for cell in cells))


def _row(entry: "Entry") -> list[Value]:
    event = entry.event
    what = str(event.get("what", ""))
    if not what:
        return [entry.number, None, Cell("cannot be read", Style.BAD), None, None, None, None]
    style = Style.BAD if what.endswith(_BAD) else Style.PLAIN
    if any(word in what for word in _REMARKABLE):
        style = Style.WARNING
    details = [
        f"{name}={value}"
        for name, value in event.items()
        if name not in _HIDDEN and value not in ("", None)
    ]
    return [
        entry.number,
        f"{event.get('at', '')}".replace("T", " ")[:19] + "Z",
        Cell(what, style),
        event.get("state"),
        _short_name(f"{event.get('principal', '')}") or None,
        event.get("tool") or None,
        " ".join(details) or None,
    ]


def _short_name(arn: str) -> str:
    """Return what tells a principal apart within its account: `alice`, `ci/session`, `root`."""
    rest = arn.rpartition(":")[2]
    return rest.partition("/")[2] or rest
