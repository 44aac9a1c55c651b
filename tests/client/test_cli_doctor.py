"""`holdfast doctor`, with and without --fix."""

import json
from pathlib import Path

import pytest

from client_site import Site, made_state
from diagnoses import put, put_item
from holdfast.cli.main import run
from holdfast.operations.doctor.table_of_checks import CHECKS, FAMILIES
from holdfast.terraform.digest import digest_of

KEY = "app.tfstate"


def doctor(site: Site, *options: str) -> int:
    """Run the command for a backend that locks in both places."""
    where = ["--bucket", site.bucket, "--lock-table", site.table, "--use-lockfile"]
    return run(["doctor", *where, *options])


def test_findings_are_printed_the_worst_first(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Id, severity, thing, evidence and fix; a summary at the end."""
    put(site, KEY, made_state(1), digest="0" * 32)
    put(site, "other.tfstate", made_state(1, "other"), digest="no digest")

    assert doctor(site) == 15

    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == "HF301 error: The digest is not that of the state"
    assert lines[1] == f"  s3://{site.bucket}/{KEY}"
    where = f"--bucket {site.bucket} --lock-table {site.table} --use-lockfile"
    assert lines[3:7] == [
        "  Fix: Compare it with the versions before:",
        f"         holdfast versions {KEY} {where}",
        "       If it is right:",
        f"         holdfast doctor --fix HF301 --prefix {KEY} {where}",
    ]
    assert out.index(" error: ") < out.index(" warning: ") < out.index(" note: ")
    assert lines[-1].startswith(f"{site.bucket}: 1 error, ")
    assert lines[-1].endswith("checks of 2 states)")


def test_a_lost_apply_is_mentioned_where_it_ran(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing in the backend tells of the state that lies beside the configuration."""
    (tmp_path / "backend.tf").write_text(site.block(KEY))
    run(["doctor", "--chdir", str(tmp_path)])
    assert "errored.tfstate" not in capsys.readouterr().err

    (tmp_path / "errored.tfstate").write_bytes(made_state(2))
    run(["doctor", "--chdir", str(tmp_path)])

    assert f"before the next one: holdfast rescue --chdir {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("only", "fail_on", "code"),
    [
        ("HF008", "note", 15),
        ("HF008", "warning", 0),
        ("HF303", "warning", 15),
        ("HF303", "error", 0),
        ("HF303", "never", 0),
        ("HF001", "note", 0),
    ],
)
def test_the_exit_code_is_for_ci(site: Site, only: str, fail_on: str, code: int) -> None:
    """From the severity on that was named."""
    put(site, KEY, made_state(1), digest="hello")
    assert doctor(site, "--only", only, "--fail-on", fail_on) == code


def test_findings_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The shape is stable."""
    put(site, KEY, made_state(1), digest="0" * 32)

    assert doctor(site, "--json", "--only", "HF301,hf302") == 15

    said = json.loads(capsys.readouterr().out)
    assert said["checked"] == ["HF301", "HF302"]
    assert (said["bucket"], said["table"], said["states"]) == (site.bucket, site.table, 1)
    (finding,) = said["findings"]
    assert (finding["id"], finding["severity"], finding["key"]) == ("HF301", "error", KEY)
    assert finding["mendable"]


def test_fixing_asks_first(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """What will be done is said, and nothing is done without a yes."""
    put(site, KEY, made_state(1), digest="0" * 32)

    assert doctor(site, "--fix", "HF301") == 8

    said = capsys.readouterr().err
    assert f"s3://{site.bucket}/{KEY}: store the digest of the state as it is." in said
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == "0" * 32


def test_fixing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Several at once; afterwards there is nothing to mend."""
    put(site, KEY, made_state(1), digest="0" * 32)
    put_item(site, "gone.tfstate-md5", {"Digest": "1" * 32})

    assert doctor(site, "--fix", "HF301", "--fix", "HF302", "--yes") == 0
    said = capsys.readouterr().out
    assert f"stored digest {digest_of(made_state(1))}" in said
    assert "removed the digest" in said

    assert doctor(site, "--fix", "HF301,HF302", "--yes") == 0
    assert "nothing to mend" in capsys.readouterr().out


def test_what_could_not_be_mended(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code says so, and the next step is told."""
    put(site, KEY, made_state(1), digest="0" * 32)
    with site.backend(KEY).lock("OperationTypeApply"):
        assert doctor(site, "--fix", "HF301", "--yes") == 1
        assert "holdfast unlock" in capsys.readouterr().err
        assert doctor(site, "--fix", "HF301", "--yes", "--json") == 1

    (failed,) = json.loads(capsys.readouterr().out)["failed"]
    assert "is locked by" in failed["problem"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fix", "HF001"], "cannot be mended"),
        (["--fix", "HF999"], "there is no check HF999"),
        (["--only", "nonsense"], "there is no check NONSENSE"),
        (["--only", "HF504"], "say whose profile with --as"),
        (["--fix", "HF301", "--only", "HF301"], "leave --only and --as out"),
    ],
)
def test_ids_that_make_no_sense(
    site: Site, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are named."""
    assert doctor(site, *options) == 2
    assert said in capsys.readouterr().err


def test_ids_are_unique_and_of_their_family() -> None:
    """The first digit is the family's, so that it can be remembered."""
    listed = [check.id for family in FAMILIES for check in family.checks]

    assert len(listed) == len(set(listed)) == len(CHECKS)
    for family in FAMILIES:
        assert len({check.id[2] for check in family.checks}) == 1, family.name


def test_the_help_names_what_can_be_mended(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it, and nothing else."""
    mendable = sorted(check.id for check in CHECKS.values() if check.mendable)
    assert mendable == ["HF201", "HF202", "HF301", "HF302", "HF303", "HF304"]

    run(["doctor", "--help"])

    words = " ".join(capsys.readouterr().out.split())
    assert "HF201, HF202, HF301 to HF304" in words
