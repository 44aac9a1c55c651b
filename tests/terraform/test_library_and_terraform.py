"""The library beside the real terraform: each respects the other's locks and reads its states."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from holdfast import Backend, BackendSettings, LockHeld, LockLost, NoSuchState
from holdfast.client.errors import StaleSerial
from holdfast.client.locking import Waiting
from holdfast.client.settings import Endpoints
from holdfast.terraform.digest import Verdict
from holdfast.terraform.statefile import with_serial
from patience import PATIENCE, wait_for
from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, TABLE, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(params=list(LOCK_MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def library(server: Server, key: str, mode: str, workspace: str = "default") -> Backend:
    """Return the library's backend for a block of `terraform_blocks`."""
    url = server.endpoint
    settings = BackendSettings(
        BUCKET,
        key,
        region="us-east-1",
        encrypt=True,
        kms_key_id="alias/terraform-state",
        dynamodb_table=TABLE if mode in {"dynamodb", "both"} else None,
        use_lockfile=mode in {"lockfile", "both"},
        access_key=server.env["AWS_ACCESS_KEY_ID"],
        secret_key=server.env["AWS_SECRET_ACCESS_KEY"],
        endpoints=Endpoints(s3=url, dynamodb=url),
    )
    return Backend(settings, workspace, cache=False)


def applied(project: Project, key: str, mode: str, text: str = "one") -> Terraform:
    """Return a project that was applied once."""
    tf = project()
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value(text))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    return tf


@contextmanager
def applying(
    project: Project, key: str, mode: str
) -> Iterator[tuple[Terraform, Callable[[], None]]]:
    """A terraform apply that holds the lock until it is told to go on."""
    tf = project("slow")
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + SLOW)
    tf.ok("init")
    process = tf.begin("apply", "-auto-approve")
    try:
        wait_for(tf.path / "started", process)
        yield tf, (tf.path / "release").touch
    finally:
        (tf.path / "release").touch()
        process.communicate(timeout=PATIENCE)


def test_our_lock_stops_terraform_and_shows_who_and_what(
    project: Project, server: Server, mode: str
) -> None:
    """Terraform is refused, prints our document, and applies once we are done."""
    key = f"library/stops-{mode}.tfstate"
    tf = applied(project, key, mode)
    with library(server, key, mode).lock("restore") as held:
        refused = tf.run("apply", "-auto-approve")
        assert refused.code == 1
        assert "Error acquiring the state lock" in refused.text
        assert f"ID: {held.info.id}" in refused.text
        assert "Operation: restore" in refused.text
        assert f"Who: {held.info.who}" in refused.text
        assert f"Path: {BUCKET}/{key}" in refused.text

    tf.ok("apply", "-auto-approve")


def test_terraform_waits_for_us(project: Project, server: Server, mode: str) -> None:
    """`-lock-timeout` gets the lock that we release."""
    key = f"library/waited-for-{mode}.tfstate"
    tf = applied(project, key, mode)
    with library(server, key, mode).lock("restore"):
        waiting = tf.begin("plan", "-lock-timeout=120s")
        time.sleep(2)
        assert waiting.poll() is None
    out, _ = waiting.communicate(timeout=PATIENCE)

    assert waiting.returncode == 0, out


def test_terraforms_lock_stops_us_and_is_carried_by_the_error(
    project: Project, server: Server, mode: str
) -> None:
    """While terraform applies, we are refused with its document; then we are not."""
    key = f"library/stopped-{mode}.tfstate"
    ours = library(server, key, mode)
    with applying(project, key, mode):
        with pytest.raises(LockHeld, match="OperationTypeApply") as refused:
            ours.lock("restore")
        holder = refused.value.holder
        assert holder is not None
        assert (holder.operation, holder.path) == ("OperationTypeApply", f"{BUCKET}/{key}")
        assert holder.since is not None
        assert {found.info for found in ours.holder()} == {holder}
        assert {found.document for found in ours.holder()} == {holder.document()}

    ours.lock("restore").release()


def test_we_wait_for_terraform(project: Project, server: Server, mode: str) -> None:
    """A waiting acquire is told that it waits for terraform, and follows it."""
    key = f"library/waits-{mode}.tfstate"
    told: list[Waiting] = []
    with applying(project, key, mode) as (_, go_on), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            library(server, key, mode).lock, "restore", timeout=PATIENCE, on_wait=told.append
        )
        time.sleep(1)
        assert not waiting.done()
        go_on()
        held = waiting.result(PATIENCE)

    assert told[0].holder is not None
    assert told[0].holder.operation == "OperationTypeApply"
    assert library(server, key, mode).read().header.serial >= 1
    held.release()


def test_terraform_force_unlocks_us(project: Project, server: Server, mode: str) -> None:
    """By the id that it showed; we are told that the lock is lost, and write no more."""
    key = f"library/forced-{mode}.tfstate"
    tf = applied(project, key, mode)
    ours = library(server, key, mode)
    state = ours.read()
    held = ours.lock("restore")

    tf.ok("force-unlock", "-force", held.info.id)

    with pytest.raises(LockLost):
        ours.write(with_serial(state.body, state.header.serial + 1), held=held)
    with pytest.raises(LockLost, match="nobody holds it now"):
        held.release()
    tf.ok("plan")


def test_we_break_the_lock_of_a_killed_terraform(
    project: Project, server: Server, mode: str
) -> None:
    """The lock that was left is found, broken as it was seen, and terraform goes on."""
    key = f"library/killed-{mode}.tfstate"
    tf = project("killed")
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + SLOW)
    tf.ok("init")
    process = tf.begin("apply", "-auto-approve")
    wait_for(tf.path / "started", process)
    process.kill()
    process.communicate(timeout=PATIENCE)
    (tf.path / "release").touch()

    ours = library(server, key, mode)
    left = ours.holder()
    assert [found.where for found in left] == list(ours.settings.lock_places)
    for found in left:
        ours.unlock(found)

    tf.ok("apply", "-auto-approve")
    assert ours.holder() == []


def test_terraform_reads_what_we_write(project: Project, server: Server, mode: str) -> None:
    """Our serial and digest are its own: it plans nothing and prints our value."""
    key = f"library/written-{mode}.tfstate"
    tf = applied(project, key, mode)
    ours = library(server, key, mode)
    with ours.lock("restore") as held:
        found = ours.read()
        document = json.loads(found.body)
        document["serial"] += 1
        document["outputs"]["it"]["value"] = "ours"
        ours.write(json.dumps(document).encode(), held=held)

    assert tf.ok("output", "-raw", "it") == "ours"
    pulled = json.loads(tf.ok("state", "pull"))
    assert (pulled["serial"], pulled["lineage"]) == (document["serial"], found.header.lineage)
    tf.ok("apply", "-auto-approve")
    assert ours.read().header.serial == document["serial"] + 1


def test_we_read_what_terraform_writes(project: Project, server: Server, mode: str) -> None:
    """Serial by serial, with its digest where there is a table."""
    key = f"library/read-{mode}.tfstate"
    tf = applied(project, key, mode, "one")
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("two"))
    tf.ok("apply", "-auto-approve")
    ours = library(server, key, mode)

    found = ours.read()
    assert found.state.outputs["it"].value == "two"
    assert found.digest is (Verdict.MISSING if mode == "lockfile" else Verdict.MATCHES)
    serials = [version.serial for version in ours.history()]
    assert serials[0] == found.header.serial
    assert serials == list(range(found.header.serial, 0, -1))


def test_we_refuse_what_terraform_would_refuse(project: Project, server: Server) -> None:
    """A stale state: `state push` says no, and so do we."""
    key = "library/stale.tfstate"
    tf = applied(project, key, "both", "one")
    old = library(server, key, "both").read().body
    tf.write("main.tf", backend(key, LOCK_MODES["both"]) + value("two"))
    tf.ok("apply", "-auto-approve")
    tf.write("old.tfstate", old.decode())

    refused = tf.run("state", "push", "old.tfstate")
    assert "cannot import state with serial" in refused.text
    ours = library(server, key, "both")
    with ours.lock("push") as held, pytest.raises(StaleSerial):
        ours.write(old, held=held)


def test_workspaces_of_terraform_are_ours(project: Project, server: Server, mode: str) -> None:
    """Made by it, listed by us; deleted by us, gone for it."""
    key = f"library/workspaces-{mode}.tfstate"
    tf = applied(project, key, mode)
    tf.ok("workspace", "new", "dev")
    tf.ok("apply", "-auto-approve")
    ours = library(server, key, mode)
    assert ours.workspaces() == ["default", "dev"]

    dev = ours.in_workspace("dev")
    assert dev.read().state.outputs["it"].value == "one"
    with dev.lock("rm") as held:
        dev.delete(held=held)

    with pytest.raises(NoSuchState):
        dev.read()
    tf.ok("workspace", "select", "default")
    assert "dev" not in tf.ok("workspace", "list")
    tf.ok("workspace", "new", "dev")  # no digest of ours is left to stop it


def test_writers_of_both_kinds_lose_nothing(project: Project, server: Server, mode: str) -> None:
    """Terraform applies while we write: every serial is used once, and the last one is read.

    It never gives up because we left between its refused lock and its look at the holder.
    """
    key = f"library/both-write-{mode}.tfstate"
    tf = applied(project, key, mode)
    began = library(server, key, mode).read().header.serial

    def ours(count: int) -> None:
        client = library(server, key, mode)
        for _ in range(count):
            with client.lock("bump", timeout=240) as held:
                found = client.read()
                client.write(with_serial(found.body, found.header.serial + 1), held=held)
            time.sleep(0.2)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(ours, 10)
        for number in range(3):
            tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value(f"run-{number}"))
            tf.ok("apply", "-auto-approve", "-lock-timeout=240s")
        writing.result(240)

    client = library(server, key, mode)
    serials = [version.serial for version in client.history()]
    assert serials == list(range(began + 13, 0, -1))
    assert client.read().state.outputs["it"].value == "run-2"
    assert client.holder() == []
