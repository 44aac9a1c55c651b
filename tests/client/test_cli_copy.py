"""`holdfast copy` as a command: what it prints, its exit codes, its JSON."""

import json
from pathlib import Path

import pytest

from client_site import Site, made_state
from holdfast.cli.main import run
from holdfast.operations.migrate_locks.bodies import backend_blocks


@pytest.fixture
def source(site: Site) -> str:
    """The URL of a state with two versions."""
    for serial in (1, 2):
        site.s3.put_object(Bucket=site.bucket, Key="old.tfstate", Body=made_state(serial))
    return f"s3://{site.bucket}/old.tfstate?region=us-east-1&lock_table={site.table}"


def copy(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and its standard output."""
    capsys.readouterr()
    code = run(["copy", *arguments])
    return code, capsys.readouterr().out


def target(site: Site) -> str:
    """The URL of another key."""
    return f"s3://{site.bucket}/new.tfstate?region=us-east-1&use_lockfile=true"


def test_it_says_what_it_would_copy_and_what_it_copied(
    source: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """First a dry run, then the copy, then nothing more to do."""
    dry = copy(capsys, source, target(site), "--dry-run")
    done = copy(capsys, source, target(site), "--yes")
    again = copy(capsys, source, target(site), "--yes", "--json")

    assert dry[0] == done[0] == again[0] == 0
    assert "2 of 2 versions to copy" in dry[1]
    assert "2 of 2 versions copied" in done[1]
    [state] = json.loads(again[1])["states"]
    assert (state["copied"], state["there_before"], state["verified"]) == (0, 2, 2)


def test_a_terraform_directory_can_be_the_source(
    source: str, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its backend block says where the state is."""
    assert source
    (tmp_path / "backend.tf").write_text(site.block("old.tfstate", "table"))

    assert copy(capsys, str(tmp_path), target(site), "--yes")[0] == 0
    assert site.body("new.tfstate") == made_state(2)


def test_each_refusal_has_its_exit_code(
    source: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not confirmed 8, locked 9, nothing there 10, another state 8, no end 12."""
    missing = source.replace("old.tfstate", "missing.tfstate")

    assert copy(capsys, source, target(site))[0] == 8
    with site.backend("old.tfstate", "table").lock("OperationTypeApply"):
        assert copy(capsys, source, target(site), "--yes")[0] == 9
    assert copy(capsys, missing, target(site), "--yes")[0] == 10
    site.s3.put_object(Bucket=site.bucket, Key="new.tfstate", Body=made_state(1, "other"))
    code, out = copy(capsys, source, target(site), "--yes")
    assert (code, "--force" in out) == (8, True)
    assert copy(capsys, "nowhere", target(site), "--yes")[0] == 12


def test_the_last_lines_can_be_pasted(
    source: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole block of the target, without secrets, and the command that removes this source."""
    more = "&encrypt=true&max_retries=9&workspace_key_prefix=ws&use_lockfile=true&token=t0ken"

    assert run(["copy", source, f"{target(site)}{more}", "--yes"]) == 0

    said = capsys.readouterr().err
    first, end = said.index("  terraform {"), said.index("\n\nLeft out")
    [block] = backend_blocks(said[first:end])
    values = {name: each.value for name, each in block.arguments.items()}
    endpoint = site.server.endpoint
    assert values == {
        "bucket": site.bucket,
        "key": "new.tfstate",
        "region": "us-east-1",
        "workspace_key_prefix": "ws",
        "use_lockfile": True,
        "encrypt": True,
        "max_retries": 9,
        "use_path_style": True,
        "endpoints": {"s3": endpoint, "sts": endpoint, "iam": endpoint},
    }
    assert "Left out, for the environment or a profile: token." in said
    assert f"holdfast rm --force --url '{source}'" in said


def test_what_will_not_be_locked_is_said_before(
    source: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """An end whose URL names no lock, and a bucket that would lose the history."""
    site.s3.put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Suspended"}
    )

    assert run(["copy", source, target(site).partition("&")[0]]) == 8

    said = capsys.readouterr().err
    assert f"s3://{site.bucket}/new.tfstate will NOT be locked" in said
    assert f"s3://{site.bucket}/old.tfstate will NOT be locked" not in said
    assert "keeps no versions" in said
