"""`holdfast bootstrap` on the command line: what it prints, writes, asks and ends with."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from client_site import Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.main import run
from holdfast.cli.state.bootstrap.options import EXAMPLE
from holdfast.operations.bootstrap.desired import checked
from holdfast.operations.bootstrap.settings_file import desired_from

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def new(site: Site) -> str:
    """The name of a bucket that does not exist."""
    return f"{site.bucket}-new"


def as_json(capsys: Captured, *arguments: str, code: ExitCode = ExitCode.OK) -> Any:
    """Run a bootstrap command with --json and return its document."""
    capsys.readouterr()
    assert run(["bootstrap", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_plan_changes_nothing(new: str, site: Site, capsys: Captured) -> None:
    """It shows every step with its reason, and the bucket is still not there."""
    assert run(["bootstrap", "plan", "--bucket", new, "--lock", "both"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "+ bucket.versioning     Enabled" in said
    assert "19 to create, 0 to change, 0 as they should be." in said
    assert not site.server.has_bucket(new)


def block_in(directory: Path, bucket: str, *arguments: str) -> None:
    """Write a Terraform directory whose backend is a bucket."""
    lines = "\n".join([f'bucket = "{bucket}"', 'region = "us-east-1"', *arguments])
    (directory / "main.tf").write_text(f'terraform {{\nbackend "s3" {{\n{lines}\n}}\n}}\n')


def test_a_terraform_directory_says_what_is_not_said(
    new: str, site: Site, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key that its block names is made, kept as it should be, and goes with the bucket."""
    monkeypatch.chdir(tmp_path)
    lock = ('dynamodb_table = "a-table"', "use_lockfile = true", "encrypt = true")
    block_in(tmp_path, new, *lock, f'kms_key_id = "alias/{new}"')
    assert run(["bootstrap", "plan"]) == ExitCode.OK
    said = capsys.readouterr()
    assert f"this is about {new} (main.tf:3)" in said.err
    assert "+ table                 a-table" in said.out
    made = as_json(capsys, "apply", "--yes")["backend"]
    assert (made["dynamodb_table"], made["use_lockfile"]) == ("a-table", True)

    block_in(tmp_path, new, *lock, f'kms_key_id = "{made["kms_key_id"]}"')  # as apply prints it
    site.server.client("kms").disable_key_rotation(KeyId=made["kms_key_id"])
    found = as_json(capsys, "verify", code=ExitCode.FINDINGS)["findings"]
    assert [each["id"] for each in found] == ["key.rotation"]
    assert run(["bootstrap", "destroy", "--yes"]) == ExitCode.OK
    assert f"The key {made['kms_key_id'].rpartition('/')[2]} will be" in capsys.readouterr().out


def test_a_directorys_key_that_bootstrap_did_not_make_stays_as_it_is(
    new: str, site: Site, tmp_path: Path, capsys: Captured
) -> None:
    """It encrypts the bucket and is no part of the plan; nothing of it is removed."""
    key = site.server.client("kms").create_key()["KeyMetadata"]["Arn"]
    block_in(tmp_path, new, "encrypt = true", f'kms_key_id = "{key}"')
    steps = as_json(capsys, "plan", "--chdir", str(tmp_path))["steps"]
    assert not [step["id"] for step in steps if step["id"].startswith("key")]
    encryption = next(step for step in steps if step["id"] == "bucket.encryption")
    assert encryption["after"]["key"] == key
    weaker = as_json(capsys, "plan", "--chdir", str(tmp_path), "--encryption", "sse-s3")["steps"]
    encryption = next(step for step in weaker if step["id"] == "bucket.encryption")
    assert encryption["after"] == {"algorithm": "AES256"}


def test_a_directory_that_encrypts_without_a_key_gets_a_bucket_that_lets_it(
    new: str, site: Site, tmp_path: Path, capsys: Captured
) -> None:
    """Terraform asks for SSE-S3 then, which a bucket that demands a key would deny."""
    block_in(tmp_path, new, "encrypt = true")
    steps = as_json(capsys, "plan", "--chdir", str(tmp_path))["steps"]
    assert "bucket.policy" not in [step["id"] for step in steps]


def test_without_a_bucket_and_without_a_directory_it_says_what_to_do(
    site: Site, tmp_path: Path, capsys: Captured
) -> None:
    """And a directory beside a bucket that is named is no silent choice."""
    there = ["--chdir", str(tmp_path)]
    failed = as_json(capsys, "plan", *there, code=ExitCode.NOT_CONFIGURED)
    assert failed["error"] == f"no bucket is named, and no backend was found in {tmp_path}"
    assert "--bucket NAME" in failed["next"]
    assert run(["bootstrap", "plan", *there, "--bucket", site.bucket]) == ExitCode.USAGE


def test_apply_shows_the_plan_and_needs_yes_where_nobody_can_be_asked(
    new: str, site: Site, capsys: Captured
) -> None:
    """Without a terminal and without --yes nothing is changed."""
    assert run(["bootstrap", "apply", "--bucket", new]) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert "+ bucket " in said.out
    assert "Add --yes" in said.err
    assert not site.server.has_bucket(new)


def test_apply_ends_with_a_block_and_a_second_one_has_nothing_to_do(
    new: str, capsys: Captured
) -> None:
    """The block names what was made; apply does not ask when nothing changes."""
    assert run(["bootstrap", "apply", "--bucket", new, "--lock", "both", "--yes"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "  done: bucket.encryption\n" in said.out
    assert f'    dynamodb_table = "{new}-locks"\n' in said.out
    assert "    use_lockfile   = true\n" in said.out
    assert "AWS_ENDPOINT_URL=http://127.0.0.1" in said.err
    again = as_json(capsys, "apply", "--bucket", new, "--lock", "both")
    assert again["done"] == again["left_out"] == again["remaining"] == []
    assert again["backend"]["bucket"] == new
    assert again["block"] in said.out


def test_verify_ends_with_findings_for_ci(new: str, site: Site, capsys: Captured) -> None:
    """What was changed by hand is named by its id, with what it is and what it should be."""
    assert run(["bootstrap", "apply", "--bucket", new, "--yes"]) == ExitCode.OK
    assert run(["bootstrap", "verify", "--bucket", new]) == ExitCode.OK
    assert "Everything is as it should be." in capsys.readouterr().out
    site.s3.put_bucket_versioning(Bucket=new, VersioningConfiguration={"Status": "Suspended"})
    found = as_json(capsys, "verify", "--bucket", new, code=ExitCode.FINDINGS)["findings"]
    assert [(each["id"], each["found"], each["wanted"]) for each in found] == [
        ("bucket.versioning", "Suspended", "Enabled")
    ]
    assert run(["bootstrap", "verify", "--bucket", new]) == ExitCode.FINDINGS
    assert "error: bucket.versioning" in capsys.readouterr().out


def test_what_serves_something_else_is_refused_and_shown(site: Site, capsys: Captured) -> None:
    """All three commands that look at it end with the code for a refusal or for findings."""
    site.s3.put_object(Bucket=site.bucket, Key="holiday.jpg", Body=b"1")
    plan = as_json(capsys, "plan", "--bucket", site.bucket, code=ExitCode.REFUSED)
    assert plan["refusals"][0]["evidence"] == ["object holiday.jpg"]
    failed = as_json(capsys, "apply", "--bucket", site.bucket, "--yes", code=ExitCode.REFUSED)
    assert "holiday.jpg" in failed["error"]
    assert "--adopt" in failed["next"]
    found = as_json(capsys, "verify", "--bucket", site.bucket, code=ExitCode.FINDINGS)
    assert "bucket.foreign" in [each["id"] for each in found["findings"]]
    assert run(["bootstrap", "plan", "--bucket", site.bucket]) == ExitCode.REFUSED
    assert "    object holiday.jpg\n" in capsys.readouterr().out


def test_clients_that_a_new_policy_will_deny_are_named(site: Site, capsys: Captured) -> None:
    """On a bucket that is in use, not on one that is made now."""
    assert run(["bootstrap", "plan", "--bucket", site.bucket]) == ExitCode.OK
    assert "without kms_key_id" in capsys.readouterr().err
    assert run(["bootstrap", "plan", "--bucket", f"{site.bucket}-new"]) == ExitCode.OK
    assert "without kms_key_id" not in capsys.readouterr().err


def test_logging_that_is_not_served_is_said_plainly(new: str, capsys: Captured) -> None:
    """By default the rest is done, with --unsupported fail it stops there and says how to go on."""
    arguments = ["bootstrap", "apply", "--bucket", new, "--log-bucket", "logs", "--yes"]
    assert run([*arguments, "--unsupported", "fail"]) == ExitCode.FAILED
    said = capsys.readouterr().err
    assert "does not offer bucket.logging" in said
    assert "it goes on from here" in said
    assert run(arguments) == ExitCode.OK
    assert "bucket.logging was left out" in capsys.readouterr().err


def test_destroy_says_what_goes_and_refuses_while_a_state_exists(
    new: str, site: Site, capsys: Captured
) -> None:
    """It names the obstacle; without it, what will happen; and needs --yes."""
    assert run(["bootstrap", "apply", "--bucket", new, "--yes"]) == ExitCode.OK
    site.s3.put_object(Bucket=new, Key="a.tfstate", Body=made_state())
    arguments = ["bootstrap", "destroy", "--bucket", new]
    assert run([*arguments, "--yes"]) == ExitCode.REFUSED
    assert "a state or other object: a.tfstate" in capsys.readouterr().err
    site.s3.delete_object(Bucket=new, Key="a.tfstate")
    assert run([*arguments, "--yes"]) == ExitCode.REFUSED
    assert "--with-versions" in capsys.readouterr().err
    assert run([*arguments, "--with-versions"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert f"The bucket {new} will be deleted with 2 old versions." in said
    assert "will be deleted in 30 days" in said
    assert run([*arguments, "--with-versions", "--yes"]) == ExitCode.OK
    assert f"Deleted the bucket {new}." in capsys.readouterr().out
    assert run(arguments) == ExitCode.OK
    assert "nothing to remove" in capsys.readouterr().out


def test_flags_win_over_the_file(new: str, tmp_path: Path, capsys: Captured) -> None:
    """What only the file says holds too, and a mistake in it is named with the file."""
    file = tmp_path / "backend.toml"
    file.write_text('bucket = "other"\nlock = "table"\n[tags]\nteam = "one"\n')
    arguments = ["--config", str(file), "--bucket", new, "--tag", "cost=7"]
    steps = {step["id"]: step for step in as_json(capsys, "plan", *arguments)["steps"]}
    assert steps["bucket"]["after"] == new
    assert steps["table"]["after"] == f"{new}-locks"
    assert steps["bucket.tags"]["after"].items() >= {"team": "one", "cost": "7"}.items()
    file.write_text("[version]\ndays = 1\n")
    failed = as_json(capsys, "plan", *arguments, code=ExitCode.NOT_CONFIGURED)
    assert str(file) in failed["error"]
    assert "version" in failed["error"]


def test_the_file_in_the_help_is_read_as_it_stands(tmp_path: Path, capsys: Captured) -> None:
    """Also with its comments taken out; and help prints it line by line."""
    file = tmp_path / "backend.toml"
    file.write_text(EXAMPLE)
    assert desired_from(file, {}).table_name == "acme-terraform-locks"
    open_lines = "\n".join(line.removeprefix("# ") for line in EXAMPLE.splitlines())
    assert {"key", "mode"} <= set(tomllib.loads(open_lines)["encryption"])
    file.write_text(open_lines)
    assert checked(desired_from(file, {})).logging is not None
    assert run(["bootstrap", "plan", "--help"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert all(line in said for line in EXAMPLE.splitlines())


def test_export_writes_code_and_policies_and_overwrites_nothing(
    new: str, tmp_path: Path, capsys: Captured
) -> None:
    """A changed file stays until --overwrite."""
    out = tmp_path / "out"
    arguments = ["export", "--bucket", new, "--lock", "both", "--out", str(out)]
    assert run(["bootstrap", "apply", *arguments[1:5], "--yes"]) == ExitCode.OK
    names = [Path(path).name for path in as_json(capsys, *arguments)["files"]]
    assert sorted(names) == sorted(path.name for path in out.iterdir())
    assert (out / "main.tf").read_text().count("import {") == 10
    (out / "main.tf").write_text("# mine\n")
    assert "main.tf" in as_json(capsys, *arguments, code=ExitCode.REFUSED)["error"]
    assert (out / "main.tf").read_text() == "# mine\n"
    as_json(capsys, *arguments, "--overwrite")
    assert (out / "main.tf").read_text() != "# mine\n"


def test_exported_policies_allow_locks_and_no_more_than_needed(new: str, tmp_path: Path) -> None:
    """Writers may put, get and delete lock files and delete no state; readers change nothing."""
    out = tmp_path / "out"
    common = ["--bucket", new, "--lock", "both"]
    assert run(["bootstrap", "apply", *common, "--yes"]) == ExitCode.OK
    assert run(["bootstrap", "export", *common, "--out", str(out)]) == ExitCode.OK
    readers, writers, operators = (
        json.loads((out / f"{role}.json").read_text())["Statement"]
        for role in ("readers", "writers", "operators")
    )
    by_sid = {statement["Sid"]: statement for statement in writers}
    assert by_sid["LockWithFiles"]["Resource"] == f"arn:aws:s3:::{new}/*.tflock"
    assert set(by_sid["LockWithFiles"]["Action"]) == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    }
    assert "kms:GenerateDataKey" in by_sid["UseTheKey"]["Action"]
    said = json.dumps(readers)
    assert not any(verb in said for verb in ("Put", "Delete", "GenerateDataKey"))
    assert "*" not in {s["Resource"] for s in [*readers, *writers, *operators]}
    assert [s for s in writers if s not in operators] == []
