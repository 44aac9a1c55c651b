"""`holdfast locks`, `lock` and `unlock` beside the real terraform, in its own directory."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from patience import PATIENCE, wait_for
from real_clients import Done, Server, Terraform, run
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(params=list(LOCK_MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def holdfast(tf: Terraform, *arguments: str) -> Done:
    """Run a command of ours in a Terraform directory."""
    return run(tf.path, tf.environment(), "holdfast", *arguments)


def killed(tf: Terraform) -> None:
    """Kill an apply with -9 while it holds the lock."""
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)
    process.kill()
    (tf.path / "release").touch()
    process.communicate(timeout=PATIENCE)


def slow_project(project: Project, key: str, mode: str, name: str = "main") -> Terraform:
    """Return an initialised project whose apply lasts until it is released."""
    tf = project(name)
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + SLOW)
    tf.ok("init")
    return tf


def test_the_lock_of_a_killed_apply_is_listed_and_broken_by_name(
    project: Project, mode: str
) -> None:
    """In the Terraform directory, without an id or a flag; then terraform goes on."""
    key = f"cli-killed/{mode}.tfstate"
    tf = slow_project(project, key, mode)
    killed(tf)
    assert tf.run("plan").code == 1

    (lock,) = json.loads(holdfast(tf, "locks", "--prefix", key, "--json").out)["locks"]
    assert lock["key"] == key
    assert {part["operation"] for part in lock["found"]} == {"OperationTypeApply"}
    places = {"dynamodb": {"table"}, "lockfile": {"file"}, "both": {"table", "file"}}[mode]
    assert {part["where"] for part in lock["found"]} == places

    young = holdfast(tf, "unlock", "--if-older-than", "2h", "--yes")
    assert young.code == 8, young.out
    assert tf.run("plan").code == 1
    done = holdfast(tf, "unlock", "--yes")

    assert done.code == 0, done.out
    assert "Nothing was written since" in done.text
    tf.ok("plan")


def test_our_lock_stops_terraform(project: Project, mode: str) -> None:
    """It shows our reason; with our id it can also break it."""
    tf = slow_project(project, f"cli-lock/{mode}.tfstate", mode)
    taken = holdfast(tf, "lock", "--info", "moving house", "--json")
    lock_id = json.loads(taken.out)["id"]

    refused = tf.run("plan")

    assert refused.code == 1
    assert "Error acquiring the state lock" in refused.text
    assert lock_id in refused.text
    assert "moving house" in refused.text
    tf.ok("force-unlock", "-force", lock_id)
    tf.ok("plan")


def test_the_lock_of_terraform_stops_us(project: Project, mode: str) -> None:
    """We name its holder; and get the lock when it is done."""
    tf = slow_project(project, f"cli-stopped/{mode}.tfstate", mode)
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)

    refused = holdfast(tf, "lock")
    (tf.path / "release").touch()
    waited = holdfast(tf, "lock", "--lock-timeout", "120s", "--while", "echo it is ours")
    process.communicate(timeout=PATIENCE)

    assert refused.code == 9
    assert "for OperationTypeApply" in refused.text
    assert waited.code == 0, waited.out
    assert "it is ours" in waited.out


def test_breaking_a_dead_lock_never_breaks_that_of_the_next_terraform(
    project: Project, server: Server, mode: str
) -> None:
    """Several break a dead lock while terraform waits for it: its apply keeps the lock to its end."""
    key = f"cli-race/{mode}.tfstate"
    dead = slow_project(project, key, mode, "dead")
    killed(dead)
    tf = slow_project(project, key, mode, "next")
    process = tf.begin("apply", "-auto-approve", "-lock-timeout=120s")

    with ThreadPoolExecutor(3) as pool:
        old = json.loads(holdfast(dead, "locks", "--prefix", key, "--json").out)["locks"][0]
        lock_id = old["found"][0]["id"]
        broken = list(
            pool.map(
                lambda _: holdfast(dead, "unlock", "--id", lock_id, "--yes"),
                range(3),
            )
        )
        wait_for(tf.path / "started", process)
        late = holdfast(dead, "unlock", "--id", lock_id, "--yes")

    assert 0 in [done.code for done in broken], [done.out for done in broken]
    assert late.code == 10, late.out
    assert _holders(dead, key) == 1
    (tf.path / "release").touch()
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out
    assert "Error releasing" not in out
    assert _holders(dead, key) == 0
    body = server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert json.loads(body)["serial"] >= 1


def _holders(tf: Terraform, key: str) -> int:
    return len(json.loads(holdfast(tf, "locks", "--prefix", key, "--json").out)["locks"])


def test_what_was_written_since_is_told(project: Project) -> None:
    """An apply that was killed late had stored something."""
    tf = project()
    tf.write("main.tf", backend("cli-written.tfstate", LOCK_MODES["both"]) + value("x"))
    tf.ok("init")
    assert holdfast(tf, "lock").code == 0
    tf.ok("apply", "-auto-approve", "-lock=false")

    done = holdfast(tf, "unlock", "--yes")

    assert "Since then the state was written 1 time" in done.text
    assert "serial 1, 1 resource" in done.text


def test_a_process_that_is_killed_under_lock_while_leaves_a_lock(project: Project) -> None:
    """Nobody can release it then; unlock does."""
    tf = slow_project(project, "cli-while.tfstate", "both")
    process = subprocess.Popen(
        ["holdfast", "lock", "--while", "touch started; sleep 60"],
        cwd=tf.path,
        env=tf.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(tf.path / "started", process)
    process.kill()
    process.wait()

    assert tf.run("plan").code == 1
    assert holdfast(tf, "unlock", "--yes").code == 0
    tf.ok("plan")
