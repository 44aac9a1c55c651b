"""The list of kinds of entries is that of what is written down."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.server.journal_kinds import KINDS

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    path for part in ("rules", "server") for path in (ROOT / "src/holdfast" / part).rglob("*.py")
)
_KIND = re.compile(r"[a-z]+(-[a-z]+)+")


def written() -> Iterator[tuple[str, str]]:
    """Yield each kind that code writes down by its name, and where."""
    for path in SOURCES:
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "note(" in text else ():
            if isinstance(node, ast.Call) and _called(node).lstrip("_") == "note":
                for inner in (part for argument in node.args[1:] for part in ast.walk(argument)):
                    if isinstance(inner, ast.Constant) and _KIND.fullmatch(str(inner.value)):
                        yield str(inner.value), path.name


def _called(node: ast.Call) -> str:
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


@pytest.mark.parametrize(("kind", "where"), sorted(set(written())))
def test_what_is_written_down_is_listed(kind: str, where: str) -> None:
    """Filters, webhooks and the documentation know it."""
    assert kind in KINDS, f"{where} writes {kind}; add it to server/journal_kinds.py"


def test_each_kind_is_explained() -> None:
    """The page on the journal has them all."""
    page = (ROOT / "docs" / "explanation" / "journal.md").read_text()
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in page
