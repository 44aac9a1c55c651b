"""Ready rights are just what the real terraform needs, and the rest of the bucket is out of sight."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from real_clients import Done, Server, Terraform, run
from terraform_blocks import BUCKET, LOCK_MODES, TABLE, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@dataclass(frozen=True)
class Desk:
    """Where the administrator gives rights."""

    path: Path
    server: Server

    def ok(self, *arguments: str) -> str:
        """Run a holdfast command that has to succeed."""
        done = run(self.path, self.server.env, "holdfast", *arguments)
        assert done.code == 0, f"{done.command} failed:\n{done.out}"
        return done.out

    def key(self, name: str, right: str, prefix: str, *more: str) -> dict[str, str]:
        """Make a user with a right, and return the environment that its key makes."""
        made = json.loads(self.ok("users", "create", name, "--key", "--json"))["access_key"]
        where = ("--bucket", BUCKET, "--lock-table", TABLE, "--prefix", prefix)
        self.ok("users", "grant", name, right, *where, *more)
        return {
            "AWS_ACCESS_KEY_ID": made["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": made["secret_access_key"],
        }


@pytest.fixture
def desk(tmp_path: Path, server: Server) -> Desk:
    """The administrator's shell."""
    return Desk(tmp_path, server)


def _made(project: Project, key: str, mode: str, *, name: str = "made") -> Terraform:
    """Return a project whose state was applied by the administrator."""
    tf = project(name)
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("secret-of-production"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    return tf


def _refused(done: Done) -> bool:
    return done.code != 0 and ("AccessDenied" in done.text or "Forbidden" in done.text)


@pytest.mark.parametrize("mode", list(LOCK_MODES))
def test_a_writer_does_all_that_terraform_does(project: Project, desk: Desk, mode: str) -> None:
    """From the first init to destroy, with every way to lock."""
    folder = f"rights/{mode}/staging/"
    tf = project()
    tf.env.update(desk.key(f"writer-{mode}", "writer", folder))
    tf.write("backend.tf", backend(f"{folder}app.tfstate", LOCK_MODES[mode]))
    tf.write("main.tf", value("one"))
    tf.ok("init")
    tf.ok("plan")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", value("two"))
    tf.ok("apply", "-auto-approve")
    assert tf.ok("output", "-raw", "it") == "two"
    tf.ok("state", "mv", "terraform_data.it", "terraform_data.that")
    tf.ok("state", "list")
    tf.ok("destroy", "-auto-approve")


@pytest.mark.parametrize("mode", ["dynamodb", "lockfile"])
def test_a_writer_sees_nothing_of_another_folder(project: Project, desk: Desk, mode: str) -> None:
    """Whether there is something is not even told: the answer is the same where nothing is."""
    production = f"sight/{mode}/production/app.tfstate"
    _made(project, production, mode)
    tf = project()
    tf.env.update(desk.key(f"blind-{mode}", "writer", f"sight/{mode}/staging/"))
    answers = []
    for key in (production, f"sight/{mode}/production/nothing.tfstate"):
        tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("mine"))
        done = tf.run("init", "-reconfigure")
        assert _refused(done)
        assert "secret-of-production" not in done.out
        answers.append(_without_ids(done.text.replace(key, "KEY")))
    assert answers[0] == answers[1]

    listed = run(tf.path, tf.environment(), "aws", "s3", "ls", f"s3://{BUCKET}/")
    assert "AccessDenied" in listed.out
    assert "production" not in listed.out


def test_a_reader_reads_and_cannot_lock_or_write(project: Project, desk: Desk) -> None:
    """Outputs and plans without a lock; no apply, nor a lock that would stop others."""
    key = "reading/app.tfstate"
    made = _made(project, key, "both")
    reader = desk.key("only-reader", "reader", "reading/")
    assert made.ok("output", "-raw", "it", env=reader) == "secret-of-production"
    assert "No changes" in made.ok("plan", "-lock=false", env=reader)
    assert _refused(made.run("plan", env=reader))
    made.write("main.tf", backend(key, LOCK_MODES["both"]) + value("changed"))
    assert _refused(made.run("apply", "-auto-approve", "-lock=false", env=reader))
    assert made.ok("output", "-raw", "it") == "secret-of-production"


def test_outputs_are_read_by_another_configuration(project: Project, desk: Desk) -> None:
    """`terraform_remote_state` gets them, also those of a workspace; the resources stay unseen."""
    made = _made(project, "outputs/app.tfstate", "lockfile")
    made.ok("workspace", "new", "blue")
    made.ok("apply", "-auto-approve")
    tf = project("reader")
    tf.env.update(desk.key("outputs", "outputs", "outputs/", "--workspaces"))
    data = """
data "terraform_remote_state" "other" {
  for_each  = toset(["default", "blue"])
  backend   = "s3"
  workspace = each.key
  config    = { bucket = "BUCKET", key = "outputs/app.tfstate", region = "us-east-1" }
}
output "got" { value = [for one in data.terraform_remote_state.other : one.outputs.it] }
"""
    tf.write("main.tf", data.replace("BUCKET", BUCKET))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    got = json.loads(tf.ok("output", "-json", "got"))
    assert got == ["secret-of-production", "secret-of-production"]
    for key in ("outputs/app.tfstate", "env:/blue/outputs/app.tfstate"):
        assert '"resources":[]' in tf.aws("s3", "cp", f"s3://{BUCKET}/{key}", "-")


def test_a_role_gives_what_its_user_has_not(project: Project, desk: Desk) -> None:
    """A user who may do nothing else assumes a writer; without the role it reads nothing."""
    made = json.loads(desk.ok("users", "create", "bare", "--key", "--json"))["access_key"]
    trusted = ("roles", "create", "role-writer", "--trust-user", "bare", "--json")
    arn = json.loads(desk.ok(*trusted))["role"]["arn"]
    where = ("--bucket", BUCKET, "--lock-table", TABLE, "--prefix", "by-role/")
    desk.ok("roles", "grant", "role-writer", "writer", *where)
    tf = project()
    tf.env["AWS_ACCESS_KEY_ID"] = made["access_key_id"]
    tf.env["AWS_SECRET_ACCESS_KEY"] = made["secret_access_key"]
    role = f'assume_role = {{ role_arn = "{arn}" }}'
    tf.write("main.tf", backend("by-role/app.tfstate", LOCK_MODES["both"], role) + value("x"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")
    tf.write("main.tf", backend("by-role/app.tfstate", LOCK_MODES["both"]) + value("x"))
    assert _refused(tf.run("init", "-reconfigure"))


@pytest.mark.parametrize("mode", ["dynamodb", "lockfile"])
def test_workspaces_are_made_used_and_deleted(project: Project, desk: Desk, mode: str) -> None:
    """With --workspaces; those of other folders stay out of reach."""
    folder = f"spaces/{mode}/staging/"
    tf = project()
    tf.env.update(desk.key(f"spaces-{mode}", "writer", folder, "--workspaces"))
    tf.write("main.tf", backend(f"{folder}app.tfstate", LOCK_MODES[mode]) + value("dev"))
    tf.ok("init")
    tf.ok("workspace", "new", f"dev-{mode}")
    tf.ok("apply", "-auto-approve")
    assert f"dev-{mode}" in tf.ok("workspace", "list")
    tf.ok("destroy", "-auto-approve")
    tf.ok("workspace", "select", "default")
    tf.ok("workspace", "delete", f"dev-{mode}")
    other = backend(f"spaces/{mode}/production/app.tfstate", LOCK_MODES[mode])
    tf.write("main.tf", other + value("dev"))
    assert _refused(tf.run("init", "-reconfigure"))


def test_workspaces_inside_the_folder_need_nothing_more(project: Project, desk: Desk) -> None:
    """`workspace_key_prefix` in the folder keeps them with the states, unseen by others."""
    tf = project()
    tf.env.update(desk.key("inside", "operator", "inside/staging/"))
    where = 'workspace_key_prefix = "inside/staging/env"'
    block = backend("inside/staging/app.tfstate", LOCK_MODES["both"], where)
    tf.write("main.tf", block + value("dev"))
    tf.ok("init")
    tf.ok("workspace", "new", "dev")
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")
    tf.ok("workspace", "select", "default")
    tf.ok("workspace", "delete", "dev")


def _without_ids(text: str) -> str:
    """Return what terraform said without the ids of requests and locks."""
    words = text.split()
    return " ".join(word for word in words if not any(one.isdigit() for one in word))
