"""The commands versions, diff and blame."""

import json
from pathlib import Path
from typing import Any

import pytest

from client_site import KEY, Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.main import run
from holdfast.client.headers import Headers, Which


@pytest.fixture
def filled(site: Site) -> Site:
    """A site with two versions of a state."""
    for body in (
        made_state(1, resources={"a": "one", "b": "x"}, outputs={"url": "here"}),
        made_state(2, resources={"a": "two"}, outputs={"url": "there"}),
    ):
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=body)
    return site


def where(site: Site) -> list[str]:
    """Return the options that lead to the site's state."""
    options = ["--bucket", site.bucket, "--key", KEY, "--region", "us-east-1"]
    return [*options, "--lock-table", site.table]


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what was printed as JSON."""
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def test_versions_lists_the_history(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each version is a line, newest first, with its serial and size; a deletion says so."""
    filled.s3.delete_object(Bucket=filled.bucket, Key=KEY)
    assert run(["versions", *where(filled)]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["WHEN", "AGO", "SERIAL"]
    assert lines[1].endswith("deleted")
    assert len(lines) == 4


def test_versions_as_json(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has what the table has, and whether there is more."""
    assert run(["versions", *where(filled), "--limit", "1", "--json"]) == ExitCode.OK
    printed = document(capsys)
    assert printed["more"] is True
    (version,) = printed["versions"]
    assert (version["serial"], version["resources"], version["latest"]) == (2, 1, True)


def test_versions_reads_no_more_than_it_lists(
    filled: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """States can be large: beside those listed only one more is read."""
    asked: list[str | None] = []
    body = Headers._body

    def counting(self: Headers, version: Which) -> bytes:
        asked.append(version.version_id)
        return body(self, version)

    monkeypatch.setattr(Headers, "_body", counting)
    for serial in range(3, 9):
        filled.s3.put_object(Bucket=filled.bucket, Key=KEY, Body=made_state(serial))
    assert run(["versions", *where(filled), "--limit", "2", "--json"]) == ExitCode.OK
    assert [each["serial"] for each in document(capsys)["versions"]] == [8, 7]
    assert len(asked) == 3


def test_versions_of_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A state that never was is an error."""
    assert run(["versions", *where(site)]) == ExitCode.NOT_FOUND
    assert "no state" in capsys.readouterr().err


def test_diff_shows_the_last_change(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without names, the newest is compared with the one before: summary first."""
    assert run(["diff", *where(filled)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "resources: 1 removed, 1 changed; outputs: 1 changed" in out
    assert '~ input.value: "one" -> "two"' in out
    assert "- terraform_data.b" in out
    assert out.index("resources:") < out.index("~ terraform_data.a")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["latest", "latest"], ExitCode.OK),
        (["serial:1", "serial:2"], ExitCode.FINDINGS),
        (["latest~1", f"key:{KEY}#latest~1"], ExitCode.OK),
        (["workspace:default", "latest"], ExitCode.OK),
        (["latest~1"], ExitCode.FINDINGS),
    ],
)
def test_diff_says_by_its_exit_code_whether_they_differ(
    filled: Site, names: list[str], code: ExitCode
) -> None:
    """With --exit-code, a difference is 15."""
    assert run(["diff", *names, *where(filled), "--exit-code"]) == code


def test_diff_with_a_url_and_a_file(
    filled: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """States elsewhere and files are compared with each other."""
    file = tmp_path / "errored.tfstate"
    file.write_bytes(made_state(3, resources={"a": "two", "c": "new"}, outputs={"url": "there"}))
    url = f"s3://{filled.bucket}/{KEY}?region=us-east-1"
    assert run(["diff", url, str(file), "--json"]) == ExitCode.OK
    printed = document(capsys)
    assert [each["address"] for each in printed["difference"]["resources"]] == ["terraform_data.c"]
    assert (printed["old"]["serial"], printed["new"]["serial"]) == (2, 3)


def test_diff_of_two_files_needs_no_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are compared anywhere."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.tfstate", "x"), ("b.tfstate", "y")):
        (tmp_path / name).write_bytes(made_state(resources={"r": text}))
    assert run(["diff", "a.tfstate", "b.tfstate", "--exit-code"]) == ExitCode.FINDINGS


def test_diff_leaves_encrypted_states_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of an encrypted state only the serial is said."""
    old, new = tmp_path / "old.tfstate", tmp_path / "new.tfstate"
    body = {"serial": 4, "lineage": "x", "encrypted_data": "AA", "encryption_version": "v0"}
    old.write_text(json.dumps(body))
    new.write_bytes(made_state(5))
    assert run(["diff", str(old), str(new), "--exit-code"]) == ExitCode.FINDINGS
    assert "encrypted by OpenTofu, serial 4" in capsys.readouterr().out


def test_diff_of_a_missing_file_says_what_else_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A key is not a file; the error says how to name one."""
    assert run(["diff", "prod/app.tfstate", "latest"]) == ExitCode.NOT_FOUND
    assert "key:prod/app.tfstate" in capsys.readouterr().err


def test_blame_prints_the_history(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each version that changed it is a line, followed by what it changed."""
    assert run(["blame", "terraform_data.a", *where(filled)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "changed     serial 2" in out
    assert "introduced  serial 1" in out
    assert '~ input.value: "one" -> "two"' in out


def test_blame_as_json(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON names the versions."""
    assert run(["blame", "output.url", *where(filled), "--json"]) == ExitCode.OK
    entries = document(capsys)["entries"]
    assert [entry["change"] for entry in entries] == ["changed", "introduced"]
    assert entries[0]["attributes"][0]["after"] == "there"


def test_blame_of_what_never_was(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown name is an error."""
    assert run(["blame", "aws_x.y", *where(filled)]) != ExitCode.OK
    assert "no version" in capsys.readouterr().err
