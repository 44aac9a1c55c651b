"""Edits of backend arguments: exactly one line changes, and what comes out is still HCL."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.operations.migrate_locks.bodies import (
    NOT_LITERAL,
    Body,
    UnreadableHcl,
    backend_blocks,
    whole_file,
)
from holdfast.operations.migrate_locks.edits import adding_lock_file, applied, removing_table

# What may stand around and between the arguments of a backend block.
COMMENTS = ["# a {", "// dynamodb_table = 1", "/* one } line */", '/* two\n  lines " ${ */', ""]
OTHERS = [
    'bucket = "b"',
    'key            = "a/${"$"}{b}" # not the table: dynamodb_table = "x"',
    'endpoints = {\n      s3 = "http://127.0.0.1" # c\n    }',
    'assume_role = { role_arn = "arn" }',
    'allowed_account_ids = [\n      "1", # one\n      "2",\n    ]',
    "encrypt=true",
    '# dynamodb_table = "old"',
]
AFTER = [
    "",
    '\nlocals {\n  text = <<-EOT\n    terraform { backend "s3" { dynamodb_table = "no" } }\n  EOT\n}\n',
    '\nresource "x" "y" {\n  z = "%{ if a }b%{ endif }"\n}\n',
]
TABLES = ['dynamodb_table = "t"', 'dynamodb_table="t"', 'dynamodb_table      =   "t"']


def only(bodies: list[Body]) -> Body:
    """Return the one body of a file."""
    [body] = bodies
    return body


def added(text: str) -> str:
    """Return a `.tf` file after the first step."""
    edit = adding_lock_file(text, only(backend_blocks(text)))
    return applied(text, [edit] if edit else [])


def removed(text: str) -> str:
    """Return a `.tf` file after the last step."""
    edit = removing_table(text, only(backend_blocks(text)))
    return applied(text, [edit] if edit else [])


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Files with a backend block, among comments, other arguments and other blocks."""
    lines = draw(st.lists(st.sampled_from(OTHERS), max_size=4, unique=True))
    table = draw(st.sampled_from(TABLES)) + draw(
        st.sampled_from(
            ["", " # the table", " // it }", " /* in a line */", " /* more\n than one */"]
        )
    )
    lines.insert(draw(st.integers(0, len(lines))), table)
    indent = draw(st.sampled_from(["    ", "\t\t", ""]))
    body = "".join(f"{indent}{line}\n" for line in lines)
    before = draw(st.sampled_from(COMMENTS))
    text = (
        f'{before}\nterraform {{\n  backend "s3" {{\n{body}  }}\n}}{draw(st.sampled_from(AFTER))}'
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_adding_adds_one_line_and_leaves_every_other_byte(text: str) -> None:
    """Taking the added line out again gives the very same text."""
    after = added(text)

    body = only(backend_blocks(after))
    assert body.value("use_lockfile") is True
    assert body.value("dynamodb_table") == "t"
    lines = after.splitlines(keepends=True)
    new = [line for line in lines if line.lstrip("\ufeff \t").startswith("use_lockfile")]
    assert len(new) == 1
    lines.remove(new[0])
    assert "".join(lines) == text
    assert added(after) == after


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_removing_takes_the_table_and_nothing_else(text: str) -> None:
    """All other lines stay, in order; of the table's line at most the rest of a comment stays."""
    both = added(text)
    after = removed(both)

    body = only(backend_blocks(after))
    assert body.value("dynamodb_table") is None
    assert body.value("use_lockfile") is True
    before = only(backend_blocks(both))
    assert {n: a.value for n, a in body.arguments.items()} == {
        n: a.value for n, a in before.arguments.items() if n != "dynamodb_table"
    }
    table = before.arguments["dynamodb_table"]
    assert after.startswith(both[: both.rfind("\n", 0, table.start) + 1])
    below = both.find("\n", table.end) + 1
    assert after.endswith(both[below:])
    assert removed(after) == after


@pytest.mark.terraform
@settings(max_examples=15, deadline=None)
@given(configurations())
def test_terraform_parses_what_comes_out(text: str) -> None:
    """`terraform fmt` accepts both results, and wants nothing changed that it did not want before."""
    both = added(text)
    for result in (both, removed(both)):
        done = subprocess.run(
            ["terraform", "fmt", "-"], input=result.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, f"{result}\n{done.stderr.decode()}"


@pytest.mark.terraform
def test_a_formatted_block_stays_formatted() -> None:
    """The new line is aligned as `terraform fmt` aligns it."""
    text = 'terraform {\n  backend "s3" {\n    bucket         = "b"\n    dynamodb_table = "t"\n  }\n}\n'

    done = subprocess.run(
        ["terraform", "fmt", "-"], input=added(text), capture_output=True, check=True, text=True
    )

    assert done.stdout == added(text)


def test_a_block_on_one_line_is_opened() -> None:
    """HCL allows one argument in such a block; a second one needs lines of their own."""
    text = 'terraform {\n  backend "s3" { dynamodb_table = "t" }\n}\n'

    both = added(text)

    assert both == (
        'terraform {\n  backend "s3" {\n    dynamodb_table = "t"\n    use_lockfile   = true\n  }\n}\n'
    )
    assert removed(text) == 'terraform {\n  backend "s3" {}\n}\n'


def test_false_becomes_true_in_its_place() -> None:
    """An argument that is there is not written a second time."""
    inside = '    use_lockfile = false # not yet\n    dynamodb_table = "t"\n'
    text = f'terraform {{\n  backend "s3" {{\n{inside}  }}\n}}\n'

    assert added(text) == text.replace("false", "true")


def test_a_file_without_a_last_line_end_keeps_that() -> None:
    """A `.tfbackend` file may end in its last argument."""
    text = 'bucket = "b"\r\ndynamodb_table = "t"'
    edit = adding_lock_file(text, whole_file(text))

    assert edit
    assert applied(text, [edit]) == text + "\r\nuse_lockfile   = true"


def test_only_blocks_of_terraform_count() -> None:
    """A heredoc, a comment or a block of another kind is no backend."""
    text = (
        'x "backend" "s3" {\n  dynamodb_table = "no"\n}\n'
        'y = <<EOT\nterraform { backend "s3" {} }\nEOT\n'
        '# terraform { backend "s3" {} }\n'
    )

    assert backend_blocks(text) == []


def test_values_are_read_as_far_as_they_are_literals() -> None:
    """Text, numbers, booleans, lists and maps are read; anything else is marked."""
    text = (
        'a = "q\\"\\u00e9$${x}"\nb = 3\nc = true\nd = null\ne = ["1", 2]\nf = { "g" = "h", i = "j" }\n'
        'k = var.l\nm = "${n}"\no = file("p")\n'
    )

    body = whole_file(text)

    assert {name: each.value for name, each in body.arguments.items()} == {
        "a": 'q"é${x}',
        "b": 3,
        "c": True,
        "d": None,
        "e": ["1", 2],
        "f": {"g": "h", "i": "j"},
        "k": NOT_LITERAL,
        "m": NOT_LITERAL,
        "o": NOT_LITERAL,
    }
    assert body.arguments["f"].line == 6


def test_what_is_not_hcl_is_said_with_its_line() -> None:
    """A broken file is not guessed at."""
    with pytest.raises(UnreadableHcl, match="line 2"):
        backend_blocks('terraform {\n  backend "s3" = 1\n}\n')
