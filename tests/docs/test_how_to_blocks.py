"""Every shell block of the tested how-to pages runs, in order, as the page says."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from how_to_pages import is_tested, run_at_terminal, script_of, steps_of
from real_clients import Server

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
TESTED = sorted(page for page in HOW_TO.glob("*.md") if is_tested(page))
# What an operator has to get right under pressure; these pages may not lose their tests.
REQUIRED_PAGES = {
    "first-backend-on-aws.md",
    "first-backend-without-aws.md",
    "from-dynamodb-to-lock-files.md",
    "http-backend.md",
    "look-around.md",
    "move-between-endpoints.md",
    "recover-a-lost-apply.md",
    "refused-write.md",
    "roll-back.md",
    "stuck-lock.md",
    "who-may-do-what.md",
    "wrong-digest.md",
}


def test_the_pages_that_matter_most_are_tested() -> None:
    """Each of them is there and asks to be run."""
    assert {page.name for page in TESTED} >= REQUIRED_PAGES


def _cases() -> Iterator[Any]:
    for page in TESTED:
        drives = re.search(r"\bterraform\b", script_of(steps_of(page.read_text())))
        yield pytest.param(page, id=page.stem, marks=[pytest.mark.terraform] if drives else [])


@pytest.mark.parametrize("page", list(_cases()))
def test_every_block_of_the_page_runs(page: Path, server: Server, tmp_path: Path) -> None:
    """A reader who follows the page, at a terminal, gets to its end."""
    text = page.read_text()
    config = tmp_path / "terraform.rc"
    config.write_text("disable_checkpoint = true\n")
    folder = tmp_path / "reader"
    folder.mkdir()
    env = {
        **server.env,
        "TF_CLI_CONFIG_FILE": str(config),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "PAGER": "cat",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TF_CLI_ARGS": "-no-color",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(folder),
    }

    code, output = run_at_terminal(script_of(steps_of(text)), folder, env)

    assert code == 0, f"{page.name} ended with {code}:\n{output}"
    assert output.rstrip().endswith("--- end"), output


def test_a_page_is_read_as_it_is_documented() -> None:
    """Hidden set-up, files, expected exit codes and skipped blocks; other blocks do nothing."""
    page = """
<!-- test
echo hidden
-->
<!-- test: file main.tf -->
```hcl
a = 1
```
1. An item:

   <!-- test: exit 3 -->
   ```sh
   first
     second
   ```
<!-- test: skip it needs AWS -->
```sh
never
```
```hcl
b = 2
```
```sh
last
```
"""
    steps = steps_of(page)

    assert [step.script for step in steps] == [
        "echo hidden",
        "cat > main.tf <<'END_OF_BLOCK'\na = 1\nEND_OF_BLOCK",
        "first\n  second",
        "last",
    ]
    assert [step.expected for step in steps] == [0, 0, 3, 0]


def test_an_unknown_order_is_refused() -> None:
    """A misspelt comment does not hide a block."""
    with pytest.raises(ValueError, match="skp"):
        steps_of("<!-- test: skp -->\n```sh\nfalse\n```\n")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("```sh\nfalse\n```\n", 1),
        ("<!-- test: exit 1 -->\n```sh\ntrue\n```\n", 99),
        ("<!-- test: exit 4 -->\n```sh\n(exit 4)\n```\n", 0),
        ('```sh\nread -p "Do it? [y/N]: " said; [ "$said" = y ]\n```\n', 0),
    ],
)
def test_a_block_that_ends_otherwise_fails(page: str, code: int, tmp_path: Path) -> None:
    """The runner can fail, and answers questions."""
    assert run_at_terminal(script_of(steps_of(page)), tmp_path, os.environ)[0] == code
