"""Damage that real tools make, found and mended by `holdfast doctor`; then terraform works again."""

import contextlib
import io
import json
import os
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from holdfast.cli import main
from patience import PATIENCE, wait_for
from real_clients import Done, Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, TABLE, backend, value

ONLY = "HF201,HF301,HF302,HF403,HF404,HF405,HF406,HF409"
Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(autouse=True)
def _as_on_aws(server: Server) -> None:
    """Let the damage be done: the rules for states would refuse it, or mend it at once."""
    server.client("holdfast").put_state_rules(
        Bucket=BUCKET, Prefix="doctor-", Modes={"digest": "off", "fence.stale": "off"}
    )


def holdfast(tf: Terraform, *arguments: str) -> Done:
    """Run a command of ours in a Terraform directory, in this process: starting one takes longer."""
    environment = {**tf.environment(), "XDG_CACHE_HOME": str(tf.path / "cache")}
    out = io.StringIO()
    with (
        patch.dict(os.environ, environment),
        contextlib.chdir(tf.path),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        code = int(main.run(list(arguments)))
    return Done("holdfast", code, out.getvalue())


def applied(project: Project, key: str, *values: str) -> Terraform:
    """Return a project that was applied once for each value."""
    tf = project()
    for text in values:
        tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value(text))
        if not (tf.path / ".terraform").exists():
            tf.ok("init")
        tf.ok("apply", "-auto-approve")
    return tf


def findings(tf: Terraform, key: str, *options: str) -> dict[str, Any]:
    """Return what the doctor finds in one state, by id."""
    done = holdfast(tf, "doctor", "--prefix", key, "--only", ONLY, "--json", *options)
    found = json.loads(done.out)["findings"]
    return {one["id"]: one for one in found if one["key"] == key}


def refused(tf: Terraform) -> None:
    """See that terraform does not read the state because of its digest, which takes it 10 seconds."""
    done = tf.run("plan")
    assert done.code == 1
    assert "does not have the expected content" in done.text


def fixed(tf: Terraform, key: str, *checks: str) -> None:
    """Mend, and see that nothing is left and that terraform reads the state."""
    done = holdfast(tf, "doctor", "--prefix", key, "--fix", ",".join(checks), "--yes")
    assert done.code == 0, done.out
    assert not set(checks) & set(findings(tf, key))
    tf.ok("plan")


def test_a_tampered_digest(project: Project) -> None:
    """The aws command writes a wrong one."""
    key = "doctor-tampered.tfstate"
    tf = applied(project, key, "one")
    item = {"LockID": {"S": f"{BUCKET}/{key}-md5"}, "Digest": {"S": "0" * 32}}
    tf.aws("dynamodb", "put-item", "--table-name", TABLE, "--item", json.dumps(item))
    refused(tf)

    assert "cannot be said which is newer" in findings(tf, key)["HF301"]["evidence"]
    fixed(tf, key, "HF301")


def test_a_lost_digest_write(project: Project, server: Server) -> None:
    """As after a kill between the two steps: the digest is still that of the state before."""
    key = "doctor-lost.tfstate"
    tf = applied(project, key, "one")
    where = {"TableName": TABLE, "Key": {"LockID": {"S": f"{BUCKET}/{key}-md5"}}}
    before = server.client("dynamodb").get_item(**where)["Item"]
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("two"))
    tf.ok("apply", "-auto-approve")
    server.client("dynamodb").put_item(TableName=TABLE, Item=before)

    assert findings(tf, key)["HF301"]["evidence"].startswith("The state is newer")
    fixed(tf, key, "HF301")


def test_a_version_that_was_put_back(project: Project, server: Server) -> None:
    """With the S3 API, by copying the older version over the newer one."""
    key = "doctor-older.tfstate"
    tf = applied(project, key, "one", "two")
    s3 = server.client("s3")
    versions = s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    s3.copy_object(
        Bucket=BUCKET,
        Key=key,
        CopySource={"Bucket": BUCKET, "Key": key, "VersionId": versions[-1]["VersionId"]},
    )

    found = findings(tf, key)
    assert found["HF301"]["evidence"].startswith("An older state was put back")
    assert versions[0]["VersionId"] in found["HF301"]["fix"]
    assert "HF405" in found
    fixed(tf, key, "HF301")


def test_a_deleted_object(project: Project) -> None:
    """Its digest stays, and no new state can be made until it is gone."""
    key = "doctor-deleted.tfstate"
    tf = applied(project, key, "one")
    tf.aws("s3api", "delete-object", "--bucket", BUCKET, "--key", key)
    refused(tf)

    assert "was deleted at" in findings(tf, key)["HF302"]["evidence"]
    fixed(tf, key, "HF302")
    tf.ok("apply", "-auto-approve")
    assert not {"HF301", "HF302"} & set(findings(tf, key))


def test_a_killed_apply(project: Project) -> None:
    """Its lock is called stale when it is old enough, and broken."""
    key = "doctor-killed.tfstate"
    tf = project()
    tf.write("main.tf", backend(key, LOCK_MODES["both"]) + SLOW)
    tf.ok("init")
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)
    process.kill()
    (tf.path / "release").touch()
    process.communicate(timeout=PATIENCE)
    assert "HF201" not in findings(tf, key)
    time.sleep(1.1)  # then it is older than a second

    assert "OperationTypeApply" in findings(tf, key, "--stale-after", "1s")["HF201"]["evidence"]
    done = holdfast(tf, "doctor", "--prefix", key, "--stale-after", "1s", "--fix", "HF201", "--yes")
    assert done.code == 0, done.out
    tf.ok("plan")


def test_a_digest_is_not_touched_while_terraform_applies(project: Project) -> None:
    """The repair needs the lock, which terraform holds."""
    key = "doctor-busy.tfstate"
    tf = project()
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("first"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("first") + SLOW)
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)
    wrong = {"LockID": {"S": f"{BUCKET}/{key}-md5"}, "Digest": {"S": "0" * 32}}
    tf.aws("dynamodb", "put-item", "--table-name", TABLE, "--item", json.dumps(wrong))

    assert "who may be writing just now" in findings(tf, key)["HF301"]["evidence"]
    done = holdfast(tf, "doctor", "--prefix", key, "--fix", "HF301", "--yes")
    assert done.code == 1
    assert "is locked by" in done.text
    (tf.path / "release").touch()
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out

    assert "HF301" not in findings(tf, key)
    tf.ok("plan")


@pytest.mark.parametrize("mode", sorted(LOCK_MODES))
def test_what_terraform_leaves_when_all_is_well_is_no_finding(project: Project, mode: str) -> None:
    """A workspace that is made, destroyed, deleted and made again; eight resources that go."""
    key = f"doctor-well-{mode}.tfstate"
    tf = project()
    several = value("one") + 'resource "terraform_data" "more" {\n  count = 8\n}\n'
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + several)
    tf.ok("init")
    tf.ok("workspace", "new", "dev")
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")
    found = everything(tf, f"env:/dev/{key}")
    tf.ok("workspace", "select", "default")
    tf.ok("workspace", "delete", "dev")
    tf.ok("workspace", "new", "dev")

    assert found == everything(tf, f"env:/dev/{key}") == everything(tf, key) == []


def everything(tf: Terraform, key: str) -> list[str]:
    """Return what all checks find of states, locks and digests."""
    done = holdfast(tf, "doctor", "--prefix", key, "--json")
    return [one["id"] for one in json.loads(done.out)["findings"] if one["id"] >= "HF2"]
