"""`holdfast migrate-locks` with the real terraform before and after each step."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from client_site import Site, make_site
from patience import PATIENCE, wait_for
from real_clients import Done, Server, Terraform, run
from terraform_blocks import SLOW, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

BLOCK = """
terraform {
  backend "s3" {
    bucket         = "%s"
    key            = "app.tfstate" # of the application
    region         = "us-east-1"
    dynamodb_table = "%s" # who applies
  }
}
"""


@pytest.fixture
def site(server: Server) -> Site:
    """A bucket and a table of this test's own."""
    return make_site(server, f"m{uuid.uuid4().hex[:12]}")


@pytest.fixture
def tf(project: Project, site: Site) -> Terraform:
    """A project that locks with the table."""
    made = project("tree")
    made.write("backend.tf", BLOCK % (site.bucket, site.table))
    made.write("main.tf", value("one"))
    made.ok("init")
    return made


def migrate(tf: Terraform, *arguments: str) -> Done:
    """Run `holdfast migrate-locks` in the project."""
    return run(tf.path, tf.environment(), "holdfast", "migrate-locks", *arguments)


@contextmanager
def applying(tf: Terraform) -> Iterator[subprocess.Popen[str]]:
    """A slow apply that holds the lock: of a resource that is new each time."""
    for name in ("started", "release"):
        (tf.path / name).unlink(missing_ok=True)
    tf.write("main.tf", SLOW.replace('"slow" {', f'"slow_{uuid.uuid4().hex}" {{'))
    process = tf.begin("apply", "-auto-approve")
    try:
        wait_for(tf.path / "started", process)
        yield process
    finally:
        (tf.path / "release").touch()
        process.communicate(timeout=PATIENCE)


def locked_in(site: Site, key: str = "app.tfstate") -> set[str]:
    """Return where a state's lock lies now."""
    found: set[str] = set()
    if site.has_table():
        found |= {"table"} if "Info" in site.item(f"{site.bucket}/{key}") else set()
    listed = site.s3.list_objects_v2(Bucket=site.bucket, Prefix=f"{key}.tflock")
    return found | ({"file"} if listed["KeyCount"] else set())


def plan_is_empty(tf: Terraform) -> bool:
    """Say whether terraform wants to change nothing."""
    return tf.run("plan", "-detailed-exitcode").code == 0


def test_from_the_table_over_both_to_the_file(tf: Terraform, site: Site) -> None:
    """After each step terraform reads the same state, and locks where it should."""
    original = (tf.path / "backend.tf").read_text()
    tf.ok("apply", "-auto-approve")
    tf.ok("workspace", "new", "blue")
    tf.ok("apply", "-auto-approve")
    tf.ok("workspace", "select", "default")

    assert migrate(tf, "plan").code == 0
    assert (tf.path / "backend.tf").read_text() == original
    applied = migrate(tf, "apply", "--yes")
    assert applied.code == 0, applied.out
    table_line = f'    dynamodb_table = "{site.table}" # who applies\n'
    assert (tf.path / "backend.tf").read_text() == original.replace(
        table_line, f"{table_line}    use_lockfile   = true\n"
    )
    not_yet = migrate(tf, "verify")
    assert not_yet.code == 15
    assert "terraform init -reconfigure" in not_yet.text
    tf.ok("init", "-reconfigure")
    assert plan_is_empty(tf)
    verified = migrate(tf, "verify")
    assert verified.code == 0, verified.out
    with applying(tf):
        assert locked_in(site) == {"table", "file"}
    tf.write("main.tf", value("one"))
    tf.ok("apply", "-auto-approve")

    finished = migrate(tf, "finish", "--yes", "--delete-table")

    assert finished.code == 0, finished.out
    assert (tf.path / "backend.tf").read_text() == original.replace(
        table_line, "    use_lockfile   = true\n"
    )
    assert not site.has_table()
    tf.ok("init", "-reconfigure")
    assert plan_is_empty(tf)
    tf.ok("workspace", "select", "blue")
    assert plan_is_empty(tf)
    tf.ok("workspace", "select", "default")
    with applying(tf):
        assert locked_in(site) == {"file"}


def test_a_live_lock_stops_every_step(tf: Terraform, site: Site) -> None:
    """While terraform applies, nothing is rewritten and no digest is removed."""
    original = (tf.path / "backend.tf").read_text()
    with applying(tf):
        planned, applied = migrate(tf, "plan", "--json"), migrate(tf, "apply", "--yes")

    assert planned.code == 15
    assert json.loads(planned.out)["backends"][0]["states"][0]["locked_by"]["operation"] == (
        "OperationTypeApply"
    )
    assert applied.code == 8
    assert "is locked by" in applied.text
    assert (tf.path / "backend.tf").read_text() == original
    assert migrate(tf, "apply", "--yes").code == 0
    tf.ok("init", "-reconfigure")
    before = (tf.path / "backend.tf").read_text()
    with applying(tf):
        finished = migrate(tf, "finish", "--yes")
    assert finished.code == 8, finished.out
    assert (tf.path / "backend.tf").read_text() == before
    assert site.item(f"{site.bucket}/app.tfstate-md5")


def test_old_and_new_checkouts_exclude_each_other(
    tf: Terraform, project: Project, site: Site
) -> None:
    """Between apply and finish, a client that still has only the table is stopped, and is named.

    As on AWS: where a lock holds in every place, whoever took it, there is nobody to be named.
    """
    own = site.server.client("holdfast")
    own.put_state_rules(Bucket=site.bucket, Modes={"one_lock": "off"})
    old = project("old")
    old.write("backend.tf", (tf.path / "backend.tf").read_text())
    old.write("main.tf", value("one"))
    old.ok("init")
    migrate(tf, "apply", "--yes")
    tf.ok("init", "-reconfigure")

    with applying(tf):
        refused = old.run("apply", "-auto-approve")
    assert refused.code == 1
    assert "Error acquiring the state lock" in refused.text

    with applying(old):
        seen = migrate(tf, "verify", "--watch", "3s")
    assert seen.code == 15
    assert "locked only in the table" in seen.text
