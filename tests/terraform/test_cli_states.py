"""Looking at, pushing and removing states that the real terraform writes, also at the same time."""

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE, wait_for
from real_clients import Done, Terraform, run
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform
LOCKED, REFUSED, FINDINGS = 9, 8, 15

OUTPUTS = """
output "list" { value = ["a", 2, 2.5, true, null] }
output "map" { value = { a = "<&>", b = { c = [] } } }
output "secret" {
  value     = "hidden-text"
  sensitive = true
}
"""


@pytest.fixture(params=list(LOCK_MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def holdfast(tf: Terraform, *arguments: str) -> Done:
    """Run a holdfast command in a project, without any option that says where the state is."""
    env = {**tf.environment(), "XDG_CACHE_HOME": str(tf.path / "cache")}
    return run(tf.path, env, "holdfast", *arguments)


def document(tf: Terraform, *arguments: str) -> Any:
    """Run a holdfast command that has to print JSON only."""
    done = subprocess.run(
        ["holdfast", *arguments, "--json"],
        cwd=tf.path,
        env=tf.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    found = json.loads(done.stdout)
    assert "error" not in found, f"{done.stdout}{done.stderr}"
    return found


def applied(project: Project, key: str, config: str, mode: str = "both") -> Terraform:
    """Return a project whose configuration is applied."""
    tf = project(key.partition("/")[0])
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + config)
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    return tf


@contextmanager
def applying(tf: Terraform) -> Iterator[None]:
    """An apply of `SLOW` that holds the lock; it ends well at the end of the block."""
    for name in ("started", "release"):
        (tf.path / name).unlink(missing_ok=True)
    process = tf.begin("apply", "-auto-approve")
    try:
        wait_for(tf.path / "started", process)
        yield
    finally:
        (tf.path / "release").touch()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out


def next_state(tf: Terraform, text: str) -> Path:
    """Write a file that could be the next state of a project, with one output."""
    state = json.loads(holdfast(tf, "pull").out)
    state["serial"] += 1
    state["outputs"]["pushed"] = {"value": text, "type": "string"}
    path = tf.path / f"{text}.tfstate"
    path.write_text(json.dumps(state))
    return path


class Asked:
    """A holdfast command on a terminal, at its question."""

    def __init__(self, tf: Terraform, *arguments: str) -> None:
        self._side, other = pty.openpty()
        self.process = subprocess.Popen(
            ["holdfast", *arguments],
            cwd=tf.path,
            env={**tf.environment(), "TERM": "dumb"},
            stdin=other,
            stdout=other,
            stderr=other,
        )
        os.close(other)
        self.said = self._read_to("[y/N]:")

    def answer(self, text: str) -> int:
        """Answer, and return the exit code."""
        os.write(self._side, f"{text}\n".encode())
        self.said += self._read_to("never said")
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as SIGKILL does."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def _read_to(self, text: str) -> str:
        said = ""
        deadline = time.monotonic() + PATIENCE
        while text not in said:
            ready, _, _ = select.select([self._side], [], [], 1)
            assert time.monotonic() < deadline, said
            if not ready:
                continue
            try:
                piece = os.read(self._side, 4096)
            except OSError:  # it has ended
                break
            if not piece:
                break
            said += piece.decode()
        return said


def test_pull_is_what_terraform_pulls(project: Project) -> None:
    """Byte by byte what is stored; terraform writes it anew, to the same values."""
    tf = applied(project, "pulled/it.tfstate", OUTPUTS)
    stored = tf.aws("s3", "cp", f"s3://{BUCKET}/pulled/it.tfstate", "-")

    assert holdfast(tf, "pull").out == stored
    assert json.loads(stored) == json.loads(tf.ok("state", "pull"))


def test_outputs_are_those_of_terraform(project: Project) -> None:
    """The same JSON, number by number, once sensitive values are asked for."""
    tf = applied(project, "outputs/it.tfstate", OUTPUTS)

    assert document(tf, "outputs", "--show-sensitive") == json.loads(tf.ok("output", "-json"))
    assert "hidden-text" not in holdfast(tf, "outputs", "--json").out
    raw = holdfast(tf, "outputs", "--raw", "secret", "--show-sensitive").out
    assert raw.strip() == tf.ok("output", "-raw", "secret") == "hidden-text"


def test_show_hides_what_terraform_marks(project: Project) -> None:
    """A sensitive input, and the copy of it that is not marked."""
    config = 'resource "terraform_data" "it" {\n  input = sensitive("hidden-text")\n}\n'
    tf = applied(project, "shown/it.tfstate", config)

    shown = holdfast(tf, "show", "--resource", "terraform_data.it")

    assert shown.code == 0
    assert shown.out.count("(sensitive value)") == 2
    assert "hidden-text" not in shown.out + holdfast(tf, "show", "--json").out


def test_states_shows_who_applies(project: Project, mode: str) -> None:
    """The holder of each way to lock, and nothing wrong with the state."""
    tf = project()
    key = f"listed/{mode}.tfstate"
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + SLOW)
    tf.ok("init")
    with applying(tf):
        found = document(tf, "states", "--locked", "--prefix", key)

    (state,) = found["states"]
    assert {lock["operation"] for lock in state["locks"]} == {"OperationTypeApply"}
    assert len(state["locks"]) == (2 if mode == "both" else 1)
    assert state["problems"] == []


@pytest.mark.parametrize("command", ["push", "rm"])
def test_a_lock_of_terraform_stops_us(project: Project, mode: str, command: str) -> None:
    """Both name the holder and change nothing; the apply ends well."""
    tf = project()
    tf.write("main.tf", backend(f"stopped/{command}-{mode}.tfstate", LOCK_MODES[mode]) + value("a"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    path = next_state(tf, "mine")
    tf.write("slow.tf", SLOW)
    with applying(tf):
        options = [str(path)] if command == "push" else ["--force"]
        stopped = holdfast(tf, command, *options, "--yes")

    assert stopped.code == LOCKED
    assert "OperationTypeApply" in stopped.text
    assert "terraform_data.slow" in tf.ok("state", "list")
    assert "pushed" not in tf.ok("output")


def until_said(process: subprocess.Popen[str], words: str) -> str:
    """Return what a process printed up to the line that has these words, or to its end."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def test_a_push_that_waited_does_not_take_the_applys_state_away(project: Project) -> None:
    """It gets the lock when the apply has written, and is refused as older."""
    tf = applied(project, "waited/push.tfstate", value("a"))
    path = next_state(tf, "mine")
    tf.write("slow.tf", SLOW)
    env = tf.environment()
    with applying(tf):
        waiting = subprocess.Popen(
            ["holdfast", "push", str(path), "--yes", "--lock-timeout", "120s"],
            cwd=tf.path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = until_said(waiting, "Waiting for ")
    rest, _ = waiting.communicate(timeout=PATIENCE)
    out = said + rest

    assert waiting.returncode == REFUSED, out
    assert "Waiting for " in out
    assert "terraform_data.slow" in tf.ok("state", "list")
    tf.ok("plan", "-detailed-exitcode")


def test_of_two_pushes_at_the_same_time_one_is_refused(project: Project) -> None:
    """Both have the next serial; the second one is told so, and the state is the first one's."""
    tf = applied(project, "pushes/it.tfstate", value("a"))
    paths = [next_state(tf, name) for name in ("one", "two")]
    processes = [
        subprocess.Popen(
            ["holdfast", "push", str(path), "--yes", "--lock-timeout", "120s"],
            cwd=tf.path,
            env=tf.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for path in paths
    ]
    for process in processes:
        process.communicate(timeout=PATIENCE)
    codes = [process.returncode for process in processes]

    assert sorted(codes) == [0, REFUSED]
    assert holdfast(tf, "pull").out == paths[codes.index(0)].read_text()
    assert tf.ok("output", "-raw", "pushed") == ["one", "two"][codes.index(0)]


def test_a_push_that_asks_stops_terraform(project: Project, mode: str) -> None:
    """The lock is held from the comparison to the answer; then terraform reads what was pushed."""
    tf = project()
    tf.write("main.tf", backend(f"asked/{mode}.tfstate", LOCK_MODES[mode]) + value("a"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    asked = Asked(tf, "push", str(next_state(tf, "mine")))
    stopped = tf.run("apply", "-auto-approve")
    code = asked.answer("y")

    assert "+ output.pushed" in asked.said
    assert stopped.code == 1
    assert "Operation: push" in stopped.text
    assert code == 0
    assert tf.ok("output", "-raw", "pushed") == "mine"
    tf.ok("apply", "-auto-approve")


def test_no_is_an_answer(project: Project) -> None:
    """Nothing is written or deleted, and the lock is released."""
    tf = applied(project, "refused/it.tfstate", value("a"))
    before = holdfast(tf, "pull").out
    pushed = Asked(tf, "push", str(next_state(tf, "mine"))).answer("n")
    removed = Asked(tf, "rm", "--force").answer("n")

    assert (pushed, removed) == (130, 130)
    assert holdfast(tf, "pull").out == before
    tf.ok("apply", "-auto-approve")


def test_a_push_that_is_killed_changes_nothing(project: Project, mode: str) -> None:
    """Kill -9 while it holds the lock: the state is as before, and the lock can be broken."""
    tf = project()
    tf.write("main.tf", backend(f"killed/{mode}.tfstate", LOCK_MODES[mode]) + value("a"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    before = holdfast(tf, "pull").out
    Asked(tf, "push", str(next_state(tf, "mine"))).kill()

    assert tf.run("plan").code == 1
    (state,) = document(tf, "states", "--prefix", f"killed/{mode}")["states"]
    (lock_id,) = {lock["id"] for lock in state["locks"]}
    tf.ok("force-unlock", "-force", lock_id)
    assert holdfast(tf, "pull").out == before
    tf.ok("plan", "-detailed-exitcode")


def test_what_is_removed_is_gone_for_terraform_and_can_be_brought_back(
    project: Project, mode: str
) -> None:
    """Object and digest; the printed command restores it, and terraform plans nothing."""
    tf = project()
    tf.write("main.tf", backend(f"removed/{mode}.tfstate", LOCK_MODES[mode]) + value("a"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert holdfast(tf, "rm", "--yes").code == REFUSED
    removed = document(tf, "rm", "--yes", "--force")
    assert "No state file was found!" in tf.run("state", "list").out
    name, *arguments = removed["undo"].split()
    assert name == "holdfast"
    assert holdfast(tf, *arguments, "--yes").code == 0
    tf.ok("plan", "-detailed-exitcode")


def test_a_workspace_is_removed_alone(project: Project) -> None:
    """`--workspace` removes its state; the default one stays."""
    tf = applied(project, "spaces/it.tfstate", value("a"))
    tf.ok("workspace", "new", "review")
    tf.ok("workspace", "select", "default")

    assert holdfast(tf, "rm", "--workspace", "review", "--yes").code == 0
    assert "review" not in tf.ok("workspace", "list")
    tf.ok("plan", "-detailed-exitcode")


def test_graph_tells_what_to_apply_again(project: Project) -> None:
    """A reader is stale after its source changed, and current after its own apply."""
    network = applied(project, "graph-net/it.tfstate", value("first"))
    reader = """
data "terraform_remote_state" "net" {
  backend = "s3"
  config = {
    bucket = "terraform-state"
    key    = "graph-net/it.tfstate"
    region = "us-east-1"
  }
}
resource "terraform_data" "copy" {
  input = data.terraform_remote_state.net.outputs.it
}
"""
    app = applied(project, "graph-app/it.tfstate", reader)
    assert document(app, "graph", "--prefix", "graph-")["reads"][0]["stale"] == []

    network.write("main.tf", backend("graph-net/it.tfstate", LOCK_MODES["both"]) + value("second"))
    network.ok("apply", "-auto-approve")
    stale = holdfast(app, "graph", "--prefix", "graph-", "--stale")
    app.ok("apply", "-auto-approve")

    assert stale.code == FINDINGS
    assert "stale: it  data.terraform_remote_state.net" in stale.out
    assert document(app, "graph", "--prefix", "graph-")["reads"][0]["stale"] == []


def test_search_finds_it_in_every_state(project: Project) -> None:
    """By address and by attribute, in both projects."""
    first = applied(project, "search-1/it.tfstate", value("needle"))
    applied(project, "search-2/it.tfstate", value("hay"))

    hits = document(first, "search", "--prefix", "search-", "--attribute", "input=needle")

    assert [hit["key"] for hit in hits["resources"]] == ["search-1/it.tfstate"]
    both = document(first, "search", "terraform_data.it", "--prefix", "search-")
    assert len(both["resources"]) == 2
