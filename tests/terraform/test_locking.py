"""Locks, in every mode: held, waited for, left behind, broken, released."""

import re
import time
from collections.abc import Callable

import pytest

from patience import PATIENCE
from real_clients import Done, Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, SLOW, TABLE, backend, value
from terraform_holders import applying, twins

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(params=list(LOCK_MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def lock_id(refused: Done) -> str:
    """Return the id of the lock that terraform shows."""
    found = re.search(r"ID: +([0-9a-f-]{36})", refused.text)
    assert found, refused.out
    return found[1]


def test_a_second_apply_is_refused_and_shows_the_holder(project: Project, mode: str) -> None:
    """While one applies, another is told who holds the lock, since when and for what."""
    first, second = twins(project, f"refused/{mode}.tfstate", mode)
    with applying(first):
        refused = second.run("apply", "-auto-approve")

    assert refused.code == 1
    assert "Error acquiring the state lock" in refused.text
    assert "Operation: OperationTypeApply" in refused.text
    assert "Who: " in refused.text
    assert f"Path: {BUCKET}/refused/{mode}.tfstate" in refused.text


def test_lock_timeout_waits_and_gets_the_lock(project: Project, mode: str) -> None:
    """`-lock-timeout` keeps trying and goes on as soon as the holder is done."""
    first, second = twins(project, f"waited/{mode}.tfstate", mode)
    with applying(first) as holder:
        waiter = second.begin("apply", "-auto-approve", "-lock-timeout=120s")
        time.sleep(2)
        assert waiter.poll() is None
        (first.path / "release").touch()
        holder.communicate(timeout=PATIENCE)
        out, _ = waiter.communicate(timeout=PATIENCE)

    assert waiter.returncode == 0, out


def test_a_killed_apply_leaves_its_lock_until_it_is_broken_by_its_id(
    project: Project, mode: str
) -> None:
    """Destroy is refused; a wrong id breaks nothing; the right one frees the state."""
    first, second = twins(project, f"killed/{mode}.tfstate", mode)
    with applying(first) as holder:
        holder.kill()
        holder.wait()
        refused = second.run("destroy", "-auto-approve")
        assert "Error acquiring the state lock" in refused.text
        held = lock_id(refused)
        wrong = second.run("force-unlock", "-force", "00000000-0000-4000-8000-000000000000")
        assert wrong.code == 1
        assert "Failed to unlock state" in wrong.text
        assert "Error acquiring" in second.run("plan").text

        second.ok("force-unlock", "-force", held)

    second.ok("plan")


def test_one_table_locks_many_states(project: Project, server: Server) -> None:
    """Locks of one table are apart: a held one does not stop another state."""
    first, second = project("first"), project("second")
    first.write("main.tf", backend("many/a.tfstate", LOCK_MODES["dynamodb"]) + SLOW)
    second.write("main.tf", backend("many/b.tfstate", LOCK_MODES["dynamodb"]) + value("free"))
    first.ok("init")
    second.ok("init")
    with applying(first):
        second.ok("apply", "-auto-approve")
        locks = server.client("dynamodb").scan(TableName=TABLE)["Items"]
        held = [i["LockID"]["S"] for i in locks if "Info" in i and "/many/" in i["LockID"]["S"]]

    assert held == [f"{BUCKET}/many/a.tfstate"]


def test_a_lock_of_either_kind_stops_a_client_that_uses_both(project: Project) -> None:
    """A client in transition respects the lock of one that knows the table only."""
    first, second = project("first"), project("second")
    first.write("main.tf", backend("transition.tfstate", LOCK_MODES["dynamodb"]) + SLOW)
    second.write("main.tf", backend("transition.tfstate", LOCK_MODES["both"]) + value("x"))
    first.ok("init")
    second.ok("init")
    with applying(first):
        refused = second.run("apply", "-auto-approve")

    assert refused.code == 1
    assert "Error acquiring the state lock" in refused.text
    second.ok("apply", "-auto-approve")
