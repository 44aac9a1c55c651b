"""No update is lost: what becomes of a state with the fence, and what without it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from patience import PATIENCE, wait_for
from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, backend, value
from terraform_holders import applying

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

LOCKFILE = LOCK_MODES["lockfile"]
FENCED = pytest.mark.parametrize("fenced", [True, False], ids=["fence", "no-fence"])
OFF = dict.fromkeys(
    ("fence.held", "fence.stale", "fence.lineage", "fence.outdated", "fence.emptied"), "off"
)


def set_modes(server: Server, key: str, modes: dict[str, str]) -> None:
    """Say how strictly rules are held for one key."""
    server.client("holdfast").put_state_rules(Bucket=BUCKET, Prefix=key, Modes=modes)


def session(server: Server) -> dict[str, str]:
    """Return the environment of a session of its own, as `holdfast credentials` gives every process."""
    given = server.client("sts").get_session_token()["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def begun(project: Project, server: Server, name: str, key: str, body: str) -> Terraform:
    """Return a project of a session of its own."""
    tf = project(name)
    tf.env.update(session(server))
    tf.write("main.tf", backend(key, LOCKFILE) + body)
    tf.ok("init")
    return tf


def stored(server: Server, key: str) -> dict[str, Any]:
    """Return the state in the bucket."""
    body = server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def names(server: Server, key: str) -> set[str]:
    """Return the names of the resources in the bucket's state."""
    return {resource["name"] for resource in stored(server, key)["resources"]}


def kept(server: Server, key: str) -> list[set[str]]:
    """Return the names of the resources in each state that was refused."""
    s3 = server.client("s3")
    listed = s3.list_objects_v2(Bucket="holdfast-refused", Prefix=f"{BUCKET}/{key}/")
    bodies = [
        json.loads(s3.get_object(Bucket="holdfast-refused", Key=entry["Key"])["Body"].read())
        for entry in listed.get("Contents", [])
    ]
    return [{resource["name"] for resource in body["resources"]} for body in bodies]


def happened(server: Server, key: str, what: str) -> list[dict[str, Any]]:
    """Return what the journal says of a state."""
    entries = server.client("holdfast").list_journal(Bucket=BUCKET, Key=key, What=[what])["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


@FENCED
def test_an_apply_whose_lock_was_broken(project: Project, server: Server, fenced: bool) -> None:
    """Its successor has come and gone; what it wrote is lost without the fence."""
    key = f"fence/zombie/{fenced}.tfstate"
    if not fenced:
        set_modes(server, key, OFF)
    successor = begun(project, server, "successor", key, value("old"))
    successor.ok("apply", "-auto-approve")
    zombie = begun(project, server, "zombie", key, value("old") + SLOW)
    with applying(zombie) as process:
        lock = stored(server, f"{key}.tflock")["ID"]
        successor.ok("force-unlock", "-force", lock)
        successor.write("main.tf", backend(key, LOCKFILE) + value("old") + value("x", "new"))
        successor.ok("apply", "-auto-approve")
        (zombie.path / "release").touch()
        said = process.communicate(timeout=PATIENCE)[0]

    if not fenced:
        assert names(server, key) == {"it", "slow"}
        return
    assert "fence.outdated" in said
    assert names(server, key) == {"it", "new"}
    assert {"it", "slow"} in kept(server, key)
    assert (zombie.path / "errored.tfstate").exists()


def test_an_apply_whose_lock_another_has_now(project: Project, server: Server) -> None:
    """It is told who that is, and the other one goes on undisturbed."""
    key = "fence/held.tfstate"
    zombie = begun(project, server, "zombie", key, SLOW)
    successor = begun(project, server, "successor", key, SLOW)
    with applying(zombie) as process:
        successor.ok("force-unlock", "-force", stored(server, f"{key}.tflock")["ID"])
        with applying(successor) as other:
            (zombie.path / "release").touch()
            said = " ".join(process.communicate(timeout=PATIENCE)[0].replace("│", " ").split())
            (successor.path / "release").touch()
            assert "Apply complete" in other.communicate(timeout=PATIENCE)[0]

    assert "The rule fence.held refuses this write" in said
    assert "for OperationTypeApply since" in said
    assert len(happened(server, key, "write-refused")) >= 1
    assert stored(server, key)["serial"] >= 1


@FENCED
def test_an_apply_without_a_lock_that_is_overtaken(
    project: Project, server: Server, fenced: bool
) -> None:
    """`-lock=false` while somebody else applies, who locks."""
    key = f"fence/race/{fenced}.tfstate"
    if not fenced:
        set_modes(server, key, OFF)
    locking = begun(project, server, "locking", key, value("first"))
    locking.ok("apply", "-auto-approve")
    racing = begun(project, server, "racing", key, value("first") + SLOW)
    process = racing.begin("apply", "-auto-approve", "-lock=false")
    try:
        wait_for(racing.path / "started", process)
        locking.write("main.tf", backend(key, LOCKFILE) + value("first") + value("x", "second"))
        locking.ok("apply", "-auto-approve")
    finally:
        (racing.path / "release").touch()
        said = process.communicate(timeout=PATIENCE)[0]

    if not fenced:
        assert names(server, key) == {"it", "slow"}
        return
    assert "fence.stale" in said
    assert names(server, key) == {"it", "second"}
    assert {"it", "slow"} in kept(server, key)


@FENCED
def test_a_key_copied_from_another_configuration(
    project: Project, server: Server, fenced: bool
) -> None:
    """A local state is moved to a place that is taken; nothing but leave lets it pass."""
    key = f"fence/copied/{fenced}.tfstate"
    if not fenced:
        set_modes(server, key, OFF)
    begun(project, server, "network", key, value("network", "network")).ok("apply", "-auto-approve")
    other = project("other")
    other.write("main.tf", value("shop", "shop"))
    other.ok("init")
    other.ok("apply", "-auto-approve")
    other.write("main.tf", backend(key, LOCKFILE) + value("shop", "shop"))
    moved = other.run("init", "-migrate-state", "-force-copy")

    if not fenced:
        assert moved.code == 0
        assert names(server, key) == {"shop"}
        return
    assert moved.code == 1
    assert "fence.lineage" in moved.text
    assert names(server, key) == {"network"}
    server.client("holdfast").put_override(Bucket=BUCKET, Key=key, Reason="it is meant")
    other.ok("init", "-migrate-state", "-force-copy")
    assert names(server, key) == {"shop"}


def test_a_state_is_emptied_with_leave_only_where_that_is_enforced(
    project: Project, server: Server
) -> None:
    """Elsewhere it is written down."""
    for key, mode in (("fence/emptied/warn", "warn"), ("fence/emptied/enforce", "enforce")):
        set_modes(server, key, {"fence.emptied": mode})
        tf = begun(project, server, mode, key, value("x"))
        tf.ok("apply", "-auto-approve")
        destroyed = tf.run("destroy", "-auto-approve")
        if mode == "warn":
            assert destroyed.code == 0
            assert [one["rule"] for one in happened(server, key, "write-warned")] == [
                "fence.emptied"
            ]
        else:
            assert "fence.emptied" in destroyed.text
            assert names(server, key) == {"it"}
            server.client("holdfast").put_override(Bucket=BUCKET, Key=key, Reason="it is over")
            tf.ok("state", "push", "errored.tfstate")
        assert names(server, key) == set()


def test_correct_commands_meet_no_rule(project: Project, server: Server) -> None:
    """All that changes a state, one after the other: nothing of it is refused."""
    key = "fence/correct.tfstate"
    tf = begun(project, server, "correct", key, value("one") + value("two", "second"))
    tf.ok("apply", "-auto-approve")
    older = tf.ok("state", "pull")
    tf.ok("state", "mv", "terraform_data.second", "terraform_data.third")
    tf.ok("state", "rm", "terraform_data.third")
    tf.ok("taint", "terraform_data.it")
    tf.ok("untaint", "terraform_data.it")
    tf.write("older.tfstate", older)
    tf.ok("state", "push", "-force", "older.tfstate")
    tf.ok("apply", "-auto-approve", "-replace=terraform_data.it")
    tf.ok("workspace", "new", "blue")
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")
    tf.ok("workspace", "select", "default")
    tf.ok("workspace", "delete", "blue")
    tf.ok("workspace", "new", "-state=older.tfstate", "green")

    for state in (key, f"env:/blue/{key}", f"env:/green/{key}"):
        assert happened(server, state, "write-refused") == []
    assert len(happened(server, key, "state-rewound")) == 1
