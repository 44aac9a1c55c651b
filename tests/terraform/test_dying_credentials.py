"""Applies whose session ends before they do."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from moved_clock import started
from patience import PATIENCE, wait_for
from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, TABLE, backend

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

ASIDE = 600  # seconds that the server's clock is off; twice as much is more than a session lasts


def with_session(tf: Terraform) -> None:
    """Let a project's commands have the shortest session there is."""
    given = tf.server.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    tf.env |= {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def locks(server: Server, key: str) -> list[str]:
    """Return the lock item and the lock file of a state, as far as there are."""
    items = server.client("dynamodb").scan(TableName=TABLE)["Items"]
    found = [item["LockID"]["S"] for item in items if "Info" in item]
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{key}.tflock")
    return [one for one in found if one == f"{BUCKET}/{key}"] + [
        entry["Key"] for entry in listed.get("Contents", [])
    ]


def applied(
    project: Project, folder: Path, mode: str, *options: str
) -> tuple[Terraform, "subprocess.CompletedProcess[str]", list[str], int]:
    """Apply with a session that ends meanwhile; return how that ended, and what is left."""
    key = f"dying/{mode}.tfstate"
    with started(folder, *options) as (server, clock):
        tf = project(on=server)
        tf.write("main.tf", backend(key, LOCK_MODES[mode]) + SLOW)
        tf.ok("init")
        clock.move(-ASIDE)
        with_session(tf)
        process = tf.begin("apply", "-auto-approve")
        wait_for(tf.path / "started", process)
        clock.move(ASIDE)
        (tf.path / "release").touch()
        out, _ = process.communicate(timeout=PATIENCE)
        done = subprocess.CompletedProcess(["apply"], process.returncode, out)
        clock.move(0)
        written = server.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)
        states = [one for one in written.get("Versions", []) if one["Key"] == key]
        return tf, done, locks(server, key), len(states)


@pytest.mark.parametrize("mode", list(LOCK_MODES))
def test_an_apply_outlives_its_session(project: Project, tmp_path: Path, mode: str) -> None:
    """It writes its state and releases its lock as if nothing had been."""
    tf, done, left, versions = applied(project, tmp_path, mode)
    assert done.returncode == 0, done.stdout
    assert not (tf.path / "errored.tfstate").exists()
    assert left == []
    assert versions > 0


def test_without_the_rule_state_and_lock_are_left_behind(project: Project, tmp_path: Path) -> None:
    """What it is for: the state ends in a file on somebody's disk, and the lock stays."""
    tf, done, left, versions = applied(project, tmp_path, "lockfile", "--finish-after-expiry", "0")
    assert done.returncode == 1
    assert "ExpiredToken" in done.stdout
    assert (tf.path / "errored.tfstate").exists()
    assert left == ["dying/lockfile.tfstate.tflock"]
    assert versions == 0
