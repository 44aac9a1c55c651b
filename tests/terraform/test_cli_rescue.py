"""`holdfast rescue` after applies of the real terraform that lost their state."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client_site import Site, make_site
from patience import PATIENCE, wait_for
from real_clients import Done, Terraform, run, start
from terraform_blocks import SLOW

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

KEY = "app/terraform.tfstate"
MAIN = """
variable "kill" {
  default = ""
}
resource "terraform_data" "before" {
  input = "1"
}
resource "terraform_data" "made" {
  count = var.kill == "" ? 0 : 1
  provisioner "local-exec" {
    command = "kill -9 ${var.kill}"
  }
}
"""


class Restartable:
    """A server that can be killed and started again at the same address."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.process, self.server = start(data)
        self._address = self.server.endpoint.removeprefix("http://")

    def restart(self) -> None:
        """Start it again after it was killed."""
        self.process.wait(PATIENCE)
        self.process, self.server = start(self._data, "--listen", self._address)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Restartable]:
    """A server of this test's own."""
    made = Restartable(tmp_path / "data")
    yield made
    made.process.kill()
    made.process.wait(PATIENCE)


def lost(
    project: Project, own: Restartable, lock: str, *, first: bool = True
) -> tuple[Site, Terraform]:
    """Return a project whose apply made something, lost the server and left errored.tfstate."""
    site = make_site(own.server, "lost")
    tf = project(on=own.server)
    tf.env["TF_CLI_ARGS_init"] = "-backend-config=max_retries=1"
    tf.write("backend.tf", site.block(KEY, lock))
    tf.write("main.tf", MAIN)
    tf.ok("init")
    if first:
        tf.ok("apply", "-auto-approve")
    done = tf.run("apply", "-auto-approve", f"-var=kill={own.process.pid}")
    assert done.code != 0
    assert (tf.path / "errored.tfstate").exists(), done.out
    own.restart()
    return site, tf


def holdfast(tf: Terraform, *arguments: str) -> Done:
    """Run a holdfast command in the project, as its user does."""
    return run(tf.path, tf.environment(), "holdfast", *arguments)


def resources(tf: Terraform) -> list[str]:
    """Return what Terraform knows."""
    return tf.ok("state", "list").split()


@pytest.mark.parametrize("lock", ["table", "file", "both"])
def test_brings_a_lost_apply_home(project: Project, own: Restartable, lock: str) -> None:
    """The state is pushed under the lock that was left, which is released: terraform goes on."""
    site, tf = lost(project, own, lock)
    assert tf.run("plan").code != 0  # the lock that was left
    done = holdfast(tf, "rescue", "--yes")
    assert done.code == 0, done.out
    assert "+ terraform_data.made[0]" in done.out
    assert "The lock was released" in done.out
    assert resources(tf) == ["terraform_data.before", "terraform_data.made[0]"]
    plan = tf.run("plan", "-detailed-exitcode", "-var=kill=1")
    assert plan.code == 0, plan.out
    assert json.loads(tf.ok("state", "pull"))["serial"] == 2
    assert [key for key in site.keys() if key.endswith(".tflock")] == []  # noqa: SIM118 - a method


def test_twice_does_no_harm(project: Project, own: Restartable) -> None:
    """The second rescue says that all is there, and so it does after terraform's own push."""
    _, tf = lost(project, own, "table")
    assert holdfast(tf, "rescue", "--yes").code == 0
    again = holdfast(tf, "rescue", "--yes")
    assert again.code == 0
    assert "already has all of it" in again.out
    assert json.loads(tf.ok("state", "pull"))["serial"] == 2


def test_terraforms_own_push_before_is_recognised(project: Project, own: Restartable) -> None:
    """Who pushed with terraform has only the lock left to release."""
    _, tf = lost(project, own, "table")
    tf.ok("state", "push", "-lock=false", "errored.tfstate")
    done = holdfast(tf, "rescue", "--yes")
    assert done.code == 0, done.out
    assert "already holds it" in done.out
    assert tf.run("plan", "-detailed-exitcode", "-var=kill=1").code == 0


def test_a_first_apply_is_brought_home_too(project: Project, own: Restartable) -> None:
    """There is no state yet: the file becomes the first."""
    _, tf = lost(project, own, "both", first=False)
    done = holdfast(tf, "rescue", "--yes")
    assert done.code == 0, done.out
    assert resources(tf) == ["terraform_data.before", "terraform_data.made[0]"]
    assert json.loads(tf.ok("state", "pull"))["lineage"]
    assert "already has all of it" in holdfast(tf, "rescue", "--yes").out


def test_refuses_after_somebody_applied_again(project: Project, own: Restartable) -> None:
    """Whoever broke the lock and applied made a fork: nothing is overwritten without being told."""
    _, tf = lost(project, own, "table")
    tf.write("more.tf", 'resource "terraform_data" "theirs" {}\n')
    tf.ok("apply", "-auto-approve", "-lock=false")
    refused = holdfast(tf, "rescue", "--yes")
    assert refused.code == 8, refused.out
    assert "somebody wrote the state" in refused.text
    assert "terraform_data.theirs" in resources(tf)


def test_a_killed_rescue_is_repeated(project: Project, own: Restartable) -> None:
    """Kill -9 in the middle leaves the lost apply's lock or nothing; the next one finishes."""
    _, tf = lost(project, own, "both")
    for delay in (0.3, 0.6, 0.9, 1.2):
        process = subprocess.Popen(
            ["holdfast", "rescue", "--yes"],
            cwd=tf.path,
            env=tf.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.kill()
        process.wait()
    done = holdfast(tf, "rescue", "--yes")
    assert done.code == 0, done.out
    plan = tf.run("plan", "-detailed-exitcode", "-var=kill=1")
    assert plan.code == 0, plan.out


def test_a_killed_apply_without_a_file_is_unlocked(project: Project, own: Restartable) -> None:
    """Kill -9 of terraform leaves no file, and rescue says what is missing."""
    site = make_site(own.server, "killed")
    tf = project(on=own.server)
    tf.write("backend.tf", site.block(KEY, "table"))
    tf.write("main.tf", SLOW)
    tf.ok("init")
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)
    process.kill()
    (tf.path / "release").touch()
    process.communicate(timeout=PATIENCE)
    done = holdfast(tf, "rescue", "--yes")
    assert done.code == 10
    assert "errored.tfstate cannot be read" in done.out
