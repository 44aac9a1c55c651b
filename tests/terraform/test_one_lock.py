"""One lock for a team that locks in several ways: each terraform respects the lock of every other."""

import re
from collections.abc import Callable
from itertools import permutations

import pytest

from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, TABLE, backend, value
from terraform_holders import applying, twins_in

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

PAIRS = list(permutations(LOCK_MODES, 2))


def locks_left(server: Server, prefix: str) -> list[str]:
    """Return the lock items and lock files of states with a prefix."""
    items = server.client("dynamodb").scan(TableName=TABLE)["Items"]
    ids = [item["LockID"]["S"] for item in items if "Info" in item]
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    keys = [entry["Key"] for entry in listed.get("Contents", [])]
    return [one for one in ids if one.startswith(f"{BUCKET}/{prefix}")] + [
        key for key in keys if key.endswith(".tflock")
    ]


@pytest.mark.parametrize(("taken", "asked"), PAIRS)
def test_a_lock_of_one_mode_stops_the_others(
    project: Project, server: Server, taken: str, asked: str
) -> None:
    """The holder is shown, an unlock by its ID frees the state, and nothing is left of it."""
    key = f"mixed/{taken}/{asked}.tfstate"
    first, second = twins_in(project, key, taken, asked)
    with applying(first) as holder:
        refused = second.run("apply", "-auto-approve")
        assert refused.code == 1
        assert "Error acquiring the state lock" in refused.text
        shown = re.search(r"ID: +([0-9a-f-]{36})", refused.text)
        assert shown, refused.out
        assert "Operation: OperationTypeApply" in refused.text
        holder.kill()
        holder.wait()
        second.ok("force-unlock", "-force", shown[1])
        second.ok("apply", "-auto-approve")

    assert locks_left(server, f"mixed/{taken}/{asked}") == []


def test_without_the_rule_two_modes_do_not_see_each_other(project: Project, server: Server) -> None:
    """Both write at the same time: what one lock is for."""
    key, off = "unmixed/it.tfstate", {"one_lock": "off", "fence.stale": "off"}
    server.client("holdfast").put_state_rules(Bucket=BUCKET, Prefix="unmixed/", Modes=off)
    first, second = twins_in(project, key, "dynamodb", "lockfile")
    with applying(first):
        second.ok("apply", "-auto-approve")


def test_twenty_plans_at_once_wait_for_each_other_in_every_mode(project: Project) -> None:
    """With `-lock-timeout` all succeed, whoever reads the holder just after it has left."""
    modes = [list(LOCK_MODES)[number % len(LOCK_MODES)] for number in range(20)]
    projects = [project(f"plan{number}") for number in range(20)]
    for one, mode in zip(projects, modes, strict=True):
        one.write("main.tf", backend("twenty.tfstate", LOCK_MODES[mode]) + value("same"))
        one.ok("init")
    running = [one.begin("plan", "-lock-timeout=280s") for one in projects]
    said = [process.communicate(timeout=290)[0] for process in running]

    failed = [text for process, text in zip(running, said, strict=True) if process.returncode]
    assert failed == []
