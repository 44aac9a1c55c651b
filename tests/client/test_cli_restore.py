"""The commands restore and rescue."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from client_site import KEY, Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.main import run
from holdfast.terraform.statefile import parse


@pytest.fixture
def filled(site: Site) -> Site:
    """A site with two versions of a state."""
    backend = site.backend(lock="table")
    for body in (made_state(1, resources={"a": "one", "b": "x"}), made_state(2, resources={})):
        with backend.lock("test") as held:
            backend.write(body, held=held)
    return site


def where(site: Site) -> list[str]:
    """Return the options that lead to the site's state."""
    options = ["--bucket", site.bucket, "--region", "us-east-1"]
    return [*options, "--lock-table", site.table]


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what was printed as JSON."""
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def addresses(site: Site) -> list[str]:
    """Return what the state holds."""
    return [each.address for each in parse(site.body()).instances]


@pytest.mark.parametrize("which", [["--to", "latest~1"], ["--serial", "1"]])
def test_restores_and_says_how_to_undo_it(
    filled: Site, which: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The effect is shown; the command that is printed at the end brings the newest back."""
    assert run(["restore", KEY, *where(filled), *which, "--yes"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "resources: 2 added" in said.out
    assert "has serial 3 and was read back as written" in said.out
    assert addresses(filled) == ["terraform_data.a", "terraform_data.b"]
    undo = said.err.split("Undo it: holdfast ")[1].strip()
    assert run([*shlex.split(undo), "--yes"]) == ExitCode.OK
    assert addresses(filled) == []
    assert parse(filled.body()).serial == 4


def test_asks_before_it_writes(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is written."""
    assert run(["restore", KEY, *where(filled), "--to", "latest~1"]) == ExitCode.REFUSED
    assert "Nothing was changed" in capsys.readouterr().err
    assert parse(filled.body()).serial == 2


def test_a_deleted_state_comes_back_and_goes_again(
    filled: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The undo of restoring a deleted state deletes it."""
    backend = filled.backend(lock="table")
    with backend.lock("test") as held:
        backend.delete(held=held)
    arguments = ["restore", KEY, *where(filled), "--serial", "1", "--yes", "--json"]
    assert run(arguments) == ExitCode.OK
    printed = document(capsys)
    assert printed["was_deleted"] is True
    assert addresses(filled) == ["terraform_data.a", "terraform_data.b"]
    assert run([*shlex.split(printed["undo"])[1:], "--yes"]) == ExitCode.OK
    assert KEY not in filled.keys()  # noqa: SIM118 - a method of the site, not of a mapping


def test_says_that_there_is_nothing_to_do(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest version itself is not written again."""
    assert run(["restore", KEY, *where(filled), "--to", "latest", "--yes"]) == ExitCode.OK
    assert "nothing was changed" in capsys.readouterr().out
    assert parse(filled.body()).serial == 2


@pytest.mark.parametrize("which", [[], ["--to", "latest~1", "--serial", "1"]])
def test_the_version_is_named_in_one_way(site: Site, which: list[str]) -> None:
    """None and two names are wrong usage."""
    assert run(["restore", KEY, *where(site), *which]) == ExitCode.USAGE


def test_somebody_elses_lock_is_waited_for(
    filled: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --lock-timeout it says whom it waits for, and gives up."""
    arguments = ["restore", KEY, *where(filled), "--to", "latest~1", "--yes"]
    with filled.backend(lock="table").lock("apply"):
        assert run([*arguments, "--lock-timeout", "1s"]) == ExitCode.LOCKED
    assert "Waiting for" in capsys.readouterr().err
    assert parse(filled.body()).serial == 2


def test_the_drill_reports_every_state(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A sound bucket passes; a damaged version is found, with its exit code."""
    assert run(["restore", "--drill", *where(filled)]) == ExitCode.OK
    assert "1 state can be restored. Nothing was changed." in capsys.readouterr().out
    for body in (b"damaged", made_state(1)):
        filled.s3.put_object(Bucket=filled.bucket, Key="prod/bad.tfstate", Body=body)
    assert run(["restore", "--drill", *where(filled), "--json"]) == ExitCode.FINDINGS
    printed = document(capsys)
    assert printed["passed"] is False
    assert [bool(each["problems"]) for each in printed["states"]] == [False, True]
    assert run(["restore", "--drill", "app/", *where(filled)]) == ExitCode.OK


def test_the_drill_of_nothing(site: Site) -> None:
    """An empty prefix proves nothing."""
    assert run(["restore", "--drill", "none/", *where(site)]) == ExitCode.NOT_FOUND


def test_rescues_a_file(filled: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The difference is shown, the state pushed; the second time there is nothing to do."""
    file = tmp_path / "errored.tfstate"
    file.write_bytes(made_state(3, resources={"made": "1"}))
    arguments = ["rescue", str(file), *where(filled), "--key", KEY]
    assert run(arguments) == ExitCode.REFUSED
    assert parse(filled.body()).serial == 2
    assert run([*arguments, "--yes"]) == ExitCode.OK
    assert "+ terraform_data.made" in capsys.readouterr().out
    assert addresses(filled) == ["terraform_data.made"]
    assert run(arguments) == ExitCode.OK
    assert "already has all of it" in capsys.readouterr().out


def test_rescue_does_not_take_somebody_elses_lock(filled: Site, tmp_path: Path) -> None:
    """A lock that is held stops it, unless it was told to take it."""
    file = tmp_path / "errored.tfstate"
    file.write_bytes(made_state(3))
    arguments = ["rescue", str(file), *where(filled), "--key", KEY, "--yes"]
    item = {
        "LockID": {"S": f"{filled.bucket}/{KEY}"},
        "Info": {"S": json.dumps({"ID": "1", "Who": "ci@runner", "Created": ""})},
    }
    filled.dynamodb.put_item(TableName=filled.table, Item=item)
    assert run(arguments) == ExitCode.LOCKED
    assert run([*arguments, "--take-lock", "--json"]) == ExitCode.OK
    assert parse(filled.body()).serial == 3
    assert filled.item(f"{filled.bucket}/{KEY}") == {}


def test_the_directory_of_the_file_says_where_the_state_is(
    filled: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in a Terraform directory is that directory's; any other belongs to this one."""
    (tmp_path / "network").mkdir()
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "network" / "main.tf").write_text(filled.block(KEY, "table"))
    (tmp_path / "network" / "errored.tfstate").write_bytes(made_state(3))
    (tmp_path / "artifacts" / "errored.tfstate").write_bytes(made_state(4))
    monkeypatch.chdir(tmp_path)
    assert run(["rescue", "network/errored.tfstate", "--yes"]) == ExitCode.OK
    assert parse(filled.body()).serial == 3
    monkeypatch.chdir(tmp_path / "network")
    assert run(["rescue", "../artifacts/errored.tfstate", "--yes"]) == ExitCode.OK
    assert parse(filled.body()).serial == 4
