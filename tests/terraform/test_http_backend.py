"""Terraform's `http` backend, beside the s3 backend on the very same states and locks."""

import json
import re
from collections.abc import Callable

import pytest

from losing_proxy import losing
from patience import PATIENCE
from real_clients import Done, Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, backend, value
from terraform_holders import applying
from terraform_over_http import HTTP, over_http

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


def http_project(project: Project, name: str, key: str, text: str) -> Terraform:
    """An initialized project over HTTP."""
    tf = over_http(project(name), key)
    tf.write("main.tf", HTTP + text)
    tf.ok("init")
    return tf


def s3_project(
    project: Project, name: str, key: str, text: str, mode: str = "lockfile"
) -> Terraform:
    """An initialized project of the s3 backend."""
    tf = project(name)
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + text)
    tf.ok("init")
    return tf


def shown_id(refused: Done) -> str:
    """Return the ID of the lock that a refusal shows, whichever backend says it."""
    found = re.search(r"already locked: ID=([0-9a-f-]{36})", refused.text) or re.search(
        r"ID: +([0-9a-f-]{36})", refused.text
    )
    assert found, refused.out
    return found[1]


def journaled(server: Server, key: str) -> list[dict[str, str]]:
    """Return what the journal says of a state."""
    listed = server.client("holdfast").list_journal(Bucket=BUCKET, Key=key)["Entries"]
    return [json.loads(entry["Event"]) for entry in listed]


def test_a_state_is_applied_over_http_and_read_through_s3(project: Project) -> None:
    """And changed there, and read over HTTP again."""
    first = http_project(project, "http", "shared/a.tfstate", value("one"))
    first.ok("apply", "-auto-approve")
    second = s3_project(project, "s3", "shared/a.tfstate", value("two"))
    assert second.ok("output", "-raw", "it") == "one"
    assert "will be updated in-place" in second.ok("plan")
    second.ok("apply", "-auto-approve")
    assert first.ok("output", "-raw", "it") == "two"
    first.ok("destroy", "-auto-approve")
    assert second.ok("state", "list") == ""


def test_a_long_apply_writes_as_the_holder(project: Project, server: Server) -> None:
    """The journal has the lock, the write by its holder, and the release."""
    tf = http_project(project, "http", "journaled.tfstate", value("x"))
    tf.ok("apply", "-auto-approve")
    events = journaled(server, "journaled.tfstate")
    assert [event["what"] for event in events] == ["lock-taken", "state-written", "lock-released"]
    assert len({event["lock_id"] for event in events}) == 1
    assert events[0]["place"] == "http"


@pytest.mark.parametrize("target", ["moved/b.tfstate", "moved/a.tfstate"], ids=["moved", "same"])
def test_a_state_migrates_to_s3_and_back(project: Project, target: str) -> None:
    """To another key or over the very same object; nothing of the state is lost."""
    source = f"{target}-source" if "/b" in target else target
    tf = http_project(project, "migrating", source, value("kept"))
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", backend(target, LOCK_MODES["both"]) + value("kept"))
    tf.ok("init", "-migrate-state", "-force-copy")
    assert tf.ok("output", "-raw", "it") == "kept"
    assert "No changes" in tf.ok("plan")
    over_http(tf, target if target == source else f"{target}-back")
    tf.write("main.tf", HTTP + value("kept"))
    tf.ok("init", "-migrate-state", "-force-copy")
    assert tf.ok("output", "-raw", "it") == "kept"
    assert "No changes" in tf.ok("plan")


@pytest.mark.parametrize("mode", LOCK_MODES)
def test_a_lock_of_the_s3_backend_stops_http(project: Project, mode: str) -> None:
    """Terraform shows the ID of the holder, and waits for it if it may."""
    key = f"held/s3-{mode}.tfstate"
    holder = s3_project(project, "s3", key, SLOW, mode)
    other = http_project(project, "http", key, value("quick"))
    with applying(holder) as process:
        refused = other.run("apply", "-auto-approve")
        assert refused.code == 1
        assert "Error acquiring the state lock" in refused.text
        shown = shown_id(refused)
        waiter = other.begin("apply", "-auto-approve", "-lock-timeout=120s")
        (holder.path / "release").touch()
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
        out, _ = waiter.communicate(timeout=PATIENCE)
        assert waiter.returncode == 0, out
    taken = [event for event in journaled(holder.server, key) if event["what"] == "lock-taken"]
    assert taken[0]["lock_id"] == shown


@pytest.mark.parametrize("mode", LOCK_MODES)
def test_a_lock_over_http_stops_the_s3_backend(project: Project, mode: str) -> None:
    """It is shown as if it were held there; a killed holder's is broken from there."""
    key = f"held/http-{mode}.tfstate"
    holder = http_project(project, "http", key, SLOW)
    other = s3_project(project, "s3", key, value("quick"), mode)
    with applying(holder) as process:
        refused = other.run("apply", "-auto-approve")
        assert refused.code == 1
        assert "Operation: OperationTypeApply" in refused.text
        process.kill()
        process.wait()
        other.ok("force-unlock", "-force", shown_id(refused))
        other.ok("apply", "-auto-approve")
    assert other.ok("output", "-raw", "it") == "quick"


def test_a_killed_apply_leaves_its_lock_until_it_is_broken(
    project: Project, server: Server
) -> None:
    """force-unlock over HTTP does not say which lock it means; the journal says who broke it."""
    key = "killed-http.tfstate"
    holder = http_project(project, "holder", key, SLOW)
    other = http_project(project, "other", key, value("quick"))
    with applying(holder) as process:
        process.kill()
        process.wait()
        refused = other.run("destroy", "-auto-approve")
        assert refused.code == 1
        other.ok("force-unlock", "-force", shown_id(refused))
    other.ok("apply", "-auto-approve")
    forced = [event for event in journaled(server, key) if event["what"] == "lock-forced"]
    assert [event["lock_id"] for event in forced] == [shown_id(refused)]


def test_an_apply_whose_lock_was_broken_overwrites_nothing(project: Project) -> None:
    """Its write names a lock that is not held any more; what it made is in errored.tfstate."""
    key = "zombie-http.tfstate"
    other = http_project(project, "other", key, value("first"))
    other.ok("apply", "-auto-approve")
    zombie = http_project(project, "zombie", key, value("first") + SLOW)
    with applying(zombie) as process:
        other.ok("force-unlock", "-force", shown_id(other.run("plan")))
        other.write("main.tf", HTTP + value("successor"))
        other.ok("apply", "-auto-approve")
        (zombie.path / "release").touch()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "HTTP error: 409" in out
    assert '"slow"' in (zombie.path / "errored.tfstate").read_text()
    assert other.ok("output", "-raw", "it") == "successor"
    assert "slow" not in other.ok("state", "list")


def test_a_first_apply_whose_lock_was_broken_fails(project: Project) -> None:
    """Terraform sends the state of its successor then: nothing is harmed, but its user is told."""
    key = "zombie-first-http.tfstate"
    zombie = http_project(project, "zombie", key, SLOW)
    other = http_project(project, "other", key, value("successor"))
    with applying(zombie) as process:
        other.ok("force-unlock", "-force", shown_id(other.run("plan")))
        other.ok("apply", "-auto-approve")
        (zombie.path / "release").touch()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "HTTP error: 409" in out
    assert other.ok("output", "-raw", "it") == "successor"


def test_locking_by_other_methods(project: Project, server: Server) -> None:
    """The lock has an address of its own for who configures POST and DELETE."""
    tf = over_http(
        project("methods"),
        "methods.tfstate",
        where="lock",
        lock_method="POST",
        unlock_method="DELETE",
        update_method="PUT",
    )
    tf.write("main.tf", HTTP + value("x"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    what = [event["what"] for event in journaled(server, "methods.tfstate")]
    assert what == ["lock-taken", "state-written", "lock-released"]


def test_answers_that_are_lost_harm_nobody(project: Project, server: Server) -> None:
    """Terraform sends lock, state and unlock again, and each time it had been done."""
    lost = {"LOCK": 1, "POST": 1, "UNLOCK": 1}
    with losing(server.endpoint, lost) as (endpoint, seen):
        tf = over_http(project("lost"), "lost.tfstate", endpoint=endpoint)
        tf.write("main.tf", HTTP + value("kept"))
        tf.ok("init")
        tf.ok("apply", "-auto-approve")
        assert tf.ok("output", "-raw", "it") == "kept"
    assert {method: seen[method] for method in lost} == {"LOCK": 2, "POST": 2, "UNLOCK": 2}
    what = [event["what"] for event in journaled(server, "lost.tfstate")]
    assert what.count("lock-taken") == what.count("lock-released") == 1


REMOTE = """
data "terraform_remote_state" "it" {
  backend = "http"
  config = {
    address = "%s"
  }
}
output "seen" {
  value = data.terraform_remote_state.it.outputs.it
}
"""


def test_a_state_is_read_as_remote_state(project: Project) -> None:
    """Of a state that the s3 backend wrote; user and password come from the environment."""
    key = "remote-http.tfstate"
    s3_project(project, "made", key, value("shared")).ok("apply", "-auto-approve")
    reader = over_http(project("reader"), key)
    reader.write("main.tf", REMOTE % reader.env["TF_HTTP_ADDRESS"])
    reader.ok("init")
    reader.ok("apply", "-auto-approve")
    assert reader.ok("output", "-raw", "seen") == "shared"


def test_a_wrong_password_is_told_as_such(project: Project) -> None:
    """Rather than as a state that is not there."""
    tf = over_http(project("wrong"), "wrong.tfstate", password="x" * 40)
    tf.write("main.tf", HTTP + value("x"))
    refused = tf.run("init")
    assert refused.code == 1
    assert "invalid auth" in refused.text


def test_twenty_plans_at_once_wait_for_each_other_over_http(project: Project) -> None:
    """With `-lock-timeout` all succeed."""
    projects = [
        http_project(project, f"plan{number}", "twenty-http.tfstate", value("same"))
        for number in range(20)
    ]
    running = [one.begin("plan", "-lock-timeout=280s") for one in projects]
    said = [process.communicate(timeout=290)[0] for process in running]

    assert [process.returncode for process in running] == [0] * 20, said
