"""What `holdfast bootstrap` makes, used and taken over by the real terraform and its AWS provider."""

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE, wait_for
from real_clients import PROVIDER, Server, Terraform, run, start, stop
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


@pytest.mark.parametrize(
    ("lock", "encryption"),
    [("lockfile", "kms"), ("lockfile", "sse-s3"), ("table", "sse-s3"), ("both", "kms")],
)
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


MORE = """
[encryption]
mode = "sse-s3"
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
TO_IMPORT = r"Plan: (\d+) to import, (\d+) to add, (\d+) to change, (\d+)"


@pytest.fixture
def exported(project: Project, mirror: Path) -> Callable[..., tuple[Terraform, str]]:
    """Bootstrap and export into a project that runs the AWS provider as it lies in the mirror.

    Terraform would read all of its 700 MB again in each command to compare its digest.
    """

    def make(*arguments: str) -> tuple[Terraform, str]:
        tf = project()
        binary = next((mirror / PROVIDER).glob("*/*/terraform-provider-aws*"))
        overrides = (
            f'dev_overrides {{\n    "hashicorp/aws" = "{binary.parent}"\n  }}\n  direct {{}}'
        )
        tf.write(
            "mirror.rc",
            f"disable_checkpoint = true\nprovider_installation {{\n  {overrides}\n}}\n",
        )
        tf.env["TF_CLI_CONFIG_FILE"] = str(tf.path / "mirror.rc")
        tf.write("more.toml", MORE)
        bootstrap(tf, "apply", *arguments, "--yes")
        bootstrap(tf, "export", *arguments, "--out", ".")
        return tf, (tf.path / "main.tf").read_text()

    return make


def test_the_export_is_imported_and_then_plans_empty(
    exported: Callable[..., tuple[Terraform, str]],
) -> None:
    """Importing changes nothing that is stored; later plans are empty, and so is bootstrap's own."""
    arguments = ["--bucket", "export-kms-both", "--lock", "both", "--tag", "team=one"]
    tf, before = exported(*arguments)
    tf.ok("fmt", "-check")
    done = tf.ok("apply", "-auto-approve")
    imports = before.count("import {")
    assert f"{imports} imported, 0 added, 0 changed, 0 destroyed" in done
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")
    bootstrap(tf, "verify", *arguments)
    bootstrap(tf, "export", *arguments, "--out", ".")
    assert (tf.path / "main.tf").read_text() == before


def test_an_export_of_other_settings_is_only_to_be_imported(
    exported: Callable[..., tuple[Terraform, str]],
) -> None:
    """Every setting is written as it is, also where it is not the usual one."""
    arguments = ["--bucket", "export-table", "--lock", "table", "--config", "more.toml"]
    tf, before = exported(*arguments)
    tf.ok("fmt", "-check")
    planned = re.search(TO_IMPORT, tf.ok("plan"))
    assert planned is not None
    assert planned.groups() == (str(before.count("import {")), "0", "0", "0")


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
        wait_for(tf.path / "started", running)
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
        out, _ = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, out
    finally:
        running.kill()
        running.wait()
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")

    (tf.path / "release").unlink()
    (tf.path / "started").unlink()
    running = tf.begin("apply", "-auto-approve", "-replace=terraform_data.slow")
    wait_for(tf.path / "started", running)
    running.kill()
    running.communicate(timeout=PATIENCE)
    refused = run(tf.path, tf.environment(), *destroy)
    assert refused.code == 8
    assert "locks are held" in refused.text
    assert "the bucket holds" in refused.text
