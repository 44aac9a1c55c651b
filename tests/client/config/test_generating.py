"""Backends of a layout: what the file may say, what is written, and what is warned of."""

from pathlib import Path

import pytest

from holdfast.client.config.discovery import discover
from holdfast.client.config.generating import Kind, plan, write
from holdfast.client.config.given import Given
from holdfast.client.config.layout import read_layout
from holdfast.client.config.rendering import rendered_file
from holdfast.client.errors import NotConfigured

LAYOUT = """
bucket = "states"
region = "eu-west-1"
write = "{environment}/{component}/backend.tf"
environments = ["dev", "prod"]
components = ["net", "app"]

[environment.prod]
bucket = "prod-states"
lock = "both"
table = "locks"
kms_key = "alias/{environment}"
components = ["net"]

[environment.prod.arguments]
use_path_style = true
assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", tags = { "a b" = "c" } }
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The file of a layout."""
    path = tmp_path / "backends.toml"
    path.write_text(LAYOUT)
    return path


def test_every_environment_has_every_component(source: Path) -> None:
    """What an environment says of its own wins, there only."""
    roots = read_layout(source)

    assert [(root.environment, root.component) for root in roots] == [
        ("dev", "net"),
        ("dev", "app"),
        ("prod", "net"),
    ]
    assert roots[0].arguments == {
        "bucket": "states",
        "key": "dev/net/terraform.tfstate",
        "region": "eu-west-1",
        "encrypt": True,
        "use_lockfile": True,
    }
    assert roots[2].arguments["kms_key_id"] == "alias/prod"


def test_what_is_written_is_found_again(source: Path) -> None:
    """Each file is a backend that means what the layout says."""
    roots = read_layout(source)
    write(plan(roots, source).changes)

    for root in roots:
        found = discover(Given(directory=root.path.parent), {}).settings
        assert (found.bucket, found.key) == root.state
    assert found.lock_places == ("file", "table")
    assert found.use_path_style
    assert found.assume_role[0].tags == {"a b": "c"}


def test_a_second_time_there_is_nothing_to_do(source: Path) -> None:
    """Only what is not as it should be is written again."""
    roots = read_layout(source)
    write(plan(roots, source).changes)
    assert plan(roots, source).changes == ()

    roots[1].path.write_text(roots[1].path.read_text() + "# more\n")
    (change,) = plan(roots, source).changes
    assert (change.path, change.kind) == (roots[1].path, Kind.CHANGE)


def test_files_of_others_are_known(source: Path) -> None:
    """A file without our first line is somebody's own."""
    path = source.parent / "dev/net/backend.tf"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n")

    assert plan(read_layout(source), source).files[0].kind is Kind.FOREIGN


def test_roots_may_not_share_a_state(source: Path) -> None:
    """A key without the environment is refused, with both roots."""
    source.write_text('key = "{component}"\n' + LAYOUT.replace("prod-states", "states"))

    with pytest.raises(
        NotConfigured, match="dev/net and prod/net would share the state states/net"
    ):
        plan(read_layout(source), source)


def test_roots_may_not_share_a_file(source: Path) -> None:
    """One would overwrite the other."""
    source.write_text(LAYOUT.replace("{environment}/{component}/", "{environment}/"))

    with pytest.raises(NotConfigured, match="dev/net and dev/app would share the file"):
        plan(read_layout(source), source)


@pytest.mark.parametrize("ending", ["main.tf", "x.tfbackend"])
def test_a_shared_state_elsewhere_in_the_tree_is_warned_of(source: Path, ending: str) -> None:
    """A backend that somebody copied is found, in a block or in a file of arguments."""
    other = source.parent / "copies" / "one"
    other.mkdir(parents=True)
    said = 'bucket = "states"\nkey = "dev/app/terraform.tfstate"\n'
    block = f'terraform {{\n  backend "s3" {{\n{said}  }}\n}}\n'
    (other / ending).write_text(block if ending == "main.tf" else said)

    (remark,) = plan(read_layout(source), source).remarks
    assert remark.text.startswith("shares the state states/dev/app/terraform.tfstate with")
    assert remark.origin
    assert remark.origin.file == str(other / ending)
    assert remark.origin.line == (4 if ending == "main.tf" else 2)


def test_a_second_block_in_a_directory_is_warned_of(source: Path) -> None:
    """Terraform would refuse to run there; an override file is meant to replace the block."""
    directory = source.parent / "dev/app"
    directory.mkdir(parents=True)
    (directory / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    (directory / "x_override.tf").write_text('terraform {\n  backend "s3" {}\n}\n')

    (remark,) = plan(read_layout(source), source).remarks
    assert "holds a backend block" in remark.text
    assert str(directory / "main.tf") in str(remark)


def test_what_the_layout_no_longer_has_is_warned_of(source: Path) -> None:
    """A file that was made for a component that is gone stays, and is named."""
    write(plan(read_layout(source), source).changes)
    source.write_text(LAYOUT.replace('["net", "app"]', '["net"]'))

    (remark,) = plan(read_layout(source), source).remarks
    assert "no longer has it" in str(remark)
    assert "dev/app/backend.tf" in str(remark)


def test_text_is_quoted_for_hcl() -> None:
    """Nothing in a name becomes a template."""
    text = rendered_file(Path("x.tfbackend"), {"key": 'a"${b}\\', "endpoints": {}}, "f")

    assert text.splitlines()[1:] == [r'key       = "a\"$${b}\\"', "endpoints = {}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bucket = \n", "line 1"),
        ('buckets = "x"', "buckets has no meaning"),
        ("bucket = 1", "bucket must be a text"),
        (LAYOUT.replace('write = "', 'write = "../'), "leads out of the directory"),
        (LAYOUT.replace("backend.tf", "backend.json"), "must end in .tf"),
        (LAYOUT.replace("{component}", "{team}"), "{team} is none of {environment}, {component}"),
        (LAYOUT.replace('"both"', '"table"').replace("table = ", "# "), "table is missing"),
        (LAYOUT.replace('"both"', '"all"'), "lock must be one of"),
        (
            LAYOUT.replace('["dev", "prod"]', '["dev", "prod", "dev"]'),
            "environments names one twice",
        ),
        (LAYOUT.replace('["net", "app"]', "[]"), "components must be a list"),
        (LAYOUT.replace("use_path_style = true", "use_path_styl = true"), "use_path_styl is not"),
        (LAYOUT.replace("use_path_style = true", 'encrypt = "yes"'), "encrypt must be true"),
        ('key = "/{environment}/{component}"\n' + LAYOUT, "may not begin or end with a slash"),
        (LAYOUT.replace('"eu-west-1"', '"{x"'), "region"),
    ],
)
def test_a_layout_without_meaning_is_told(source: Path, text: str, told: str) -> None:
    """The error names the file and what in it is wrong."""
    source.write_text(text)

    with pytest.raises(NotConfigured) as error:
        read_layout(source)
    assert error.value.happened.startswith(f"{source}: ")
    assert told in error.value.happened


def test_a_missing_layout_says_where_to_read_on(tmp_path: Path) -> None:
    """The error is about the file, with the next step."""
    with pytest.raises(NotConfigured, match=r"cannot read .*none\.toml"):
        read_layout(tmp_path / "none.toml")
