"""What `holdfast bootstrap` makes, used and taken over by the real terraform and its AWS provider."""

import json
import re
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from real_clients import Server, Terraform, run, start, stop
from terraform_blocks import SLOW, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


def bootstrap(tf: Terraform, *arguments: str) -> str:
    """Run a bootstrap command that has to succeed."""
    done = run(tf.path, tf.environment(), "holdfast", "bootstrap", *arguments)
    assert done.code == 0, done.out
    return done.out


def block_of(tf: Terraform, *arguments: str) -> str:
    """Bootstrap, and return the backend block with a key."""
    document = bootstrap(tf, "apply", *arguments, "--yes", "--json")
    found: str = json.loads(document[document.index("{") :])["block"]
    return found.replace("CHANGE-ME/", "app/")


@pytest.mark.parametrize("lock", ["lockfile", "table", "both"])
@pytest.mark.parametrize("encryption", ["kms", "sse-s3"])
def test_the_printed_block_works_as_it_is(project: Project, lock: str, encryption: str) -> None:
    """Terraform applies, locks and plans with it, and with it alone."""
    tf = project()
    name = f"block-{lock}-{encryption}"
    tf.write(
        "backend.tf", block_of(tf, "--bucket", name, "--lock", lock, "--encryption", encryption)
    )
    tf.write("main.tf", value("hello"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")
    bootstrap(tf, "verify", "--bucket", name, "--lock", lock, "--encryption", encryption)


CASES = {
    "kms-both": ["--lock", "both", "--tag", "team=one"],
    "sse-s3-lockfile": ["--encryption", "sse-s3"],
    "table": ["--lock", "table", "--config", "more.toml"],
}
MORE = """
[encryption]
rotation = false
[versions]
keep = 0
upload_days = 0
[table]
point_in_time_recovery = false
deletion_protection = false
encryption = "aws-managed"
[policy]
tls_only = true
"""


@pytest.mark.parametrize("case", CASES)
def test_the_export_is_imported_and_then_plans_empty(
    project: Project, mirror: Path, tmp_path: Path, case: str
) -> None:
    """Importing changes nothing that is stored; later plans are empty, and so is bootstrap's own."""
    config = tmp_path / "mirror.rc"
    config.write_text(
        "disable_checkpoint = true\n"
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    )
    tf = project()
    tf.env["TF_CLI_CONFIG_FILE"] = str(config)
    tf.write("more.toml", MORE)
    arguments = ["--bucket", f"export-{case}", *CASES[case]]
    bootstrap(tf, "apply", *arguments, "--yes")
    bootstrap(tf, "export", *arguments, "--out", ".")
    before = (tf.path / "main.tf").read_text()

    tf.ok("init")
    tf.ok("fmt", "-check")
    imports = before.count("import {")
    planned = re.search(r"Plan: (\d+) to import, (\d+) to add, \d+ to change, (\d+)", tf.ok("plan"))
    assert planned is not None
    assert planned.groups() == (str(imports), "0", "0")
    tf.ok("apply", "-auto-approve")
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")
    bootstrap(tf, "verify", *arguments)
    bootstrap(tf, "export", *arguments, "--out", ".")
    assert (tf.path / "main.tf").read_text() == before


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose log holds the requests of this module's own runs only."""
    process, running = start(tmp_path_factory.mktemp("alone") / "data")
    yield running
    stop(process)


# operation of the log -> IAM action, where the names differ
ACTIONS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}


def requests_of(server: Server, bucket: str) -> set[tuple[str, str]]:
    """Return (IAM action, ARN) of all requests on a bucket and on tables, from the access log."""
    found = set()
    log = server.data.with_suffix(".log").read_text()
    for line in log.splitlines():
        fields: dict[str, str] = dict(re.findall(r"(\w+)=(\"[^\"]*\"|\S+)", line))
        operation = ACTIONS.get(fields.get("operation", ""), fields.get("operation", ""))
        if fields.get("service") == "s3" and fields.get("bucket") == bucket:
            key = "/" + fields["key"].strip('"') if "key" in fields else ""
            found.add((f"s3:{operation}", f"arn:aws:s3:::{bucket}{key}"))
        if fields.get("service") == "dynamodb" and "table" in fields:
            arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{fields['table']}"
            found.add((f"dynamodb:{operation}", arn))
    return found


def allows(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether a policy allows an action on a resource."""
    return any(
        action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
        and fnmatchcase(resource, s["Resource"])
        for s in statements
    )


@pytest.mark.parametrize("lock", ["lockfile", "table", "both"])
def test_the_exported_policies_cover_what_terraform_sends(
    project: Project, alone: Server, lock: str
) -> None:
    """Each request of a reader and of a writer is allowed by their policy."""
    tf = project(on=alone)
    bucket = f"rights-{lock}"
    tf.write("backend.tf", block_of(tf, "--bucket", bucket, "--lock", lock))
    bootstrap(tf, "export", "--bucket", bucket, "--lock", lock, "--out", "rights")
    statements = {
        role: json.loads((tf.path / "rights" / f"{role}.json").read_text())["Statement"]
        for role in ("readers", "writers")
    }
    tf.write("main.tf", value("hello"))
    made = requests_of(alone, bucket)

    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.ok("workspace", "new", "dev")
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")
    tf.ok("workspace", "select", "default")
    tf.ok("workspace", "delete", "dev")
    written = requests_of(alone, bucket) - made
    assert {action for action, _ in written} >= {"s3:PutObject", "s3:GetObject", "s3:ListBucket"}
    assert [each for each in written if not allows(statements["writers"], *each)] == []

    log = alone.data.with_suffix(".log")
    start_of_reading = len(log.read_text())
    tf.ok("output", "-json")
    tf.ok("plan", "-lock=false")
    rest = log.read_text()[start_of_reading:]
    reading = {
        each for each in written if each[0].partition(":")[2] in rest or "ListBucket" in each[0]
    }
    read_only = {each for each in reading if not re.search("Put|Delete", each[0])}
    assert read_only
    assert "operation=PutObject" not in rest
    refused = [each for each in read_only if not allows(statements["readers"], *each)]
    assert [each for each in refused if ".tflock" not in each[1]] == []


@pytest.mark.parametrize("lock", ["lockfile", "table", "both"])
def test_a_running_apply_is_not_disturbed_and_its_lock_forbids_removal(
    project: Project, lock: str
) -> None:
    """Drift is mended under a running apply; nothing is removed, also not after the apply is killed."""
    tf = project()
    bucket = f"running-{lock}"
    arguments = ["--bucket", bucket, "--lock", lock]
    tf.write("backend.tf", block_of(tf, *arguments))
    tf.write("main.tf", SLOW)
    tf.ok("init")
    running = tf.begin("apply", "-auto-approve")
    try:
        wait_for(tf.path / "started")
        tf.aws(
            *("s3api", "put-bucket-versioning", "--bucket", bucket),
            *("--versioning-configuration", "Status=Suspended"),
        )
        bootstrap(tf, "apply", *arguments, "--yes")
        bootstrap(tf, "verify", *arguments)
        destroy = ("holdfast", "bootstrap", "destroy", *arguments, "--with-versions", "--yes")
        refused = run(tf.path, tf.environment(), *destroy)
        assert refused.code == 8
        assert "locks are held" in refused.text
        (tf.path / "release").touch()
        out, _ = running.communicate(timeout=120)
        assert running.returncode == 0, out
    finally:
        running.kill()
        running.wait()
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")

    (tf.path / "release").unlink()
    (tf.path / "started").unlink()
    running = tf.begin("apply", "-auto-approve", "-replace=terraform_data.slow")
    wait_for(tf.path / "started")
    running.kill()
    running.communicate(timeout=60)
    refused = run(tf.path, tf.environment(), *destroy)
    assert refused.code == 8
    assert "locks are held" in refused.text
    assert "states or other objects" in refused.text


def wait_for(path: Path) -> None:
    """Wait until a file exists."""
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path.name} did not appear")
