"""Files and functions stay short, modules say what they are, the project speaks of itself only."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MEDIAN_LINES = 150
MOST_LINES = 400
MOST_FUNCTION_LINES = 60

# Kept apart so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        [r"\bclau" + "de", r"\banthro" + "pic", r"\bchat" + "gpt", r"/wo" + r"rk/", r"\bL" + "LM"]
    ),
    re.IGNORECASE,
)


def lines_of(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text().splitlines())


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file, methods and nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_are_short() -> None:
    """Half of all files have at most 150 lines, none has more than 400."""
    sizes = {str(path.relative_to(ROOT)): lines_of(path) for path in SOURCES}

    assert statistics.median(sizes.values()) <= MEDIAN_LINES
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_functions_are_short() -> None:
    """No function has more than 60 lines."""
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in functions_of(path)
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    }

    assert long == set()


def test_every_module_says_what_it_is() -> None:
    """Each module begins with a docstring of one to six lines."""
    silent = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not 1 <= len((ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()) <= 6
    }

    assert silent == set()


def test_every_test_says_what_it_expects() -> None:
    """Each test function has a sentence."""
    silent = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in TESTS
        for node in functions_of(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    }

    assert silent == set()


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common", "misc"])
def test_files_have_names_that_say_something(name: str) -> None:
    """No file is named for not knowing what it holds."""
    assert [path for path in SOURCES if path.stem == name or path.stem.endswith(f"_{name}")] == []


def test_the_project_speaks_of_itself_only() -> None:
    """No file that is kept names the tools or the machine it was written with."""
    kept = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split("\0")
    texts = {
        name: (ROOT / name).read_bytes().decode(errors="replace") for name in filter(None, kept)
    }
    found = {
        f"{name}: {matched[0]}"
        for name, text in texts.items()
        for matched in FORBIDDEN.finditer(text)
    }

    assert found == set()


def test_requirements_name_no_host() -> None:
    """The lock files pin and hash, and say nothing of where packages come from."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def test_every_link_between_pages_leads_somewhere() -> None:
    """A relative link in a page names a file that is there."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = {
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    }

    assert broken == set()
