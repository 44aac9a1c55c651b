"""Links between pages lead somewhere, and pages name files and commands that exist."""

import re
import subprocess
from pathlib import Path

import pytest

from holdfast.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|\$\(|/bin/)holdfast ([a-z-]+)", re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that the headings of a page make."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def name(page: Path) -> str:
    """Return a page's path, for the name of a test."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link to a file finds it, and one to a heading finds that too."""
    for target in LINK.findall(page.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_shell_blocks_are_shell_and_name_real_commands(page: Path) -> None:
    """Each block of shell commands parses, and every `holdfast` command in it exists."""
    for block in SHELL.findall(page.read_text()):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)
        for command in COMMAND.findall(block):
            assert command in COMMANDS, command


def test_every_page_is_in_the_index() -> None:
    """`docs/README.md` leads to each page under `docs/`."""
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text())}
    pages = set((ROOT / "docs").rglob("*.md")) - {index} - set((ROOT / "docs/decisions").iterdir())
    assert pages <= linked


def test_the_map_for_contributors_names_files_that_exist() -> None:
    """Every file and folder in CONTRIBUTING's table is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    layers = "aws|engine|server|cli|client|operations|terraform"
    for path in re.findall(rf"`((?:{layers})/[\w/]*(?:\.py)?)`", text):
        assert (ROOT / "src" / "holdfast" / path).exists(), path
