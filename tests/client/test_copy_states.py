"""Copying: order, deletions, what is recognised, what is refused, and what is left as it was."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from client_site import LINEAGE, Site, made_state
from holdfast.client.errors import ForeignLineage, LockHeld, NoSuchState, StaleSerial
from holdfast.client.locking import new_info
from holdfast.operations.copying.ends import End, SamePlace, check_apart
from holdfast.operations.copying.many import Task, copy_all, tasks_of
from holdfast.operations.copying.one_state import Copied, Options, copy_state
from holdfast.operations.copying.refusing import NotVersioned

OLD, NEW = "old/app.tfstate", "new/app.tfstate"
OTHER_LINEAGE = "11111111-2222-3333-4444-555555555555"


def put(site: Site, key: str, *bodies: bytes | None) -> None:
    """Write versions one after the other; None deletes."""
    for body in bodies:
        if body is None:
            site.s3.delete_object(Bucket=site.bucket, Key=key)
        else:
            site.s3.put_object(Bucket=site.bucket, Key=key, Body=body)


def contents(site: Site, key: str) -> list[bytes | None]:
    """Return all versions, oldest first; None for a deletion."""
    versions = list(site.backend(key).history(headers=False))[::-1]
    return [
        None
        if version.delete_marker
        else site.s3.get_object(Bucket=site.bucket, Key=key, VersionId=version.version_id)[
            "Body"
        ].read()
        for version in versions
    ]


def copy(site: Site, options: Options | None = None, *, keeps_versions: bool = True) -> Copied:
    """Copy the state at OLD to NEW."""
    one, other = site.backend(OLD, "table"), site.backend(NEW, "file")
    return copy_state(
        one,
        one.address,
        other,
        other.address,
        options or Options(),
        keeps_versions=keeps_versions,
    )


def states(*serials: int, lineage: str = LINEAGE) -> list[bytes]:
    """Return states with these serials."""
    return [made_state(serial, lineage) for serial in serials]


def test_all_versions_are_copied_in_order_with_deletions(site: Site) -> None:
    """The history of the target is that of the source; the source is as it was."""
    one, two, three = states(1, 2, 3)
    put(site, OLD, one, two, None, three)

    copied = copy(site)

    assert contents(site, NEW) == contents(site, OLD)
    assert (copied.versions, copied.copied, copied.verified) == (4, 4, 4)
    assert site.backend(OLD, "both").holder() == []
    assert site.backend(NEW, "both").holder() == []


def test_a_copy_says_what_it_is_a_copy_of(site: Site) -> None:
    """Version and time of the original stand in the metadata."""
    put(site, OLD, *states(1))
    original = site.s3.head_object(Bucket=site.bucket, Key=OLD)

    copy(site)

    said = site.s3.head_object(Bucket=site.bucket, Key=NEW)["Metadata"]
    assert said["holdfast-source"] == f"s3://{site.bucket}/{OLD}"
    assert said["holdfast-source-version"] == original["VersionId"]
    assert said["holdfast-source-modified"].startswith(f"{original['LastModified']:%Y-%m-%dT%H:%M}")


def test_the_digest_of_the_target_is_set(site: Site) -> None:
    """Terraform would refuse a state with the digest of another."""
    put(site, OLD, *states(1, 2))
    one, other = site.backend(OLD, "table"), site.backend(NEW, "table")
    other.digests.write(other.address, "0" * 32)

    copy_state(one, one.address, other, other.address, Options(), keeps_versions=True)

    assert other.read().header.serial == 2


def test_a_deleted_state_is_deleted_at_the_target(site: Site) -> None:
    """Its history is there, and it can be restored from there."""
    put(site, OLD, *states(1, 2), None)

    copy(site)

    assert contents(site, NEW) == [*states(1, 2), None]
    with pytest.raises(NoSuchState):
        site.backend(NEW, "file").read()


def test_doing_it_again_copies_only_what_is_new(site: Site) -> None:
    """A second run finds everything there; a third one brings what was written since."""
    put(site, OLD, *states(1, 1, 2))
    copy(site)

    again = copy(site)
    put(site, OLD, *states(3))
    third = copy(site)

    assert (again.copied, again.there_before) == (0, 3)
    assert (third.copied, third.there_before) == (1, 3)
    assert contents(site, NEW) == contents(site, OLD)


@pytest.mark.parametrize("there", range(6))
def test_it_goes_on_after_any_version(site: Site, there: int) -> None:
    """A stopped run is continued, also among versions of the same bytes and among deletions."""
    one, two = states(1, 2)
    put(site, OLD, one, two, one, None, two, one)
    copy(site)
    versions = list(site.backend(NEW, "file").history(headers=False))
    for version in versions[: len(versions) - there]:
        site.s3.delete_object(Bucket=site.bucket, Key=NEW, VersionId=version.version_id)

    copied = copy(site)

    assert copied.there_before == there
    assert contents(site, NEW) == contents(site, OLD)


def test_a_copy_made_by_other_means_is_recognised(site: Site) -> None:
    """Without metadata the bytes are compared."""
    put(site, OLD, *states(1, 2, 3))
    put(site, NEW, *states(1, 2))

    copied = copy(site)

    assert (copied.copied, copied.there_before) == (1, 2)


def test_a_version_that_was_written_twice_is_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a write got lost and the SDK repeated it: that is no difference, also later."""
    put(site, OLD, *states(1, 2), None, *states(3))
    one, other = site.backend(OLD, "table"), site.backend(NEW, "file")
    write = other.connection.s3.put_object

    def twice(**arguments: Any) -> Any:
        if not arguments["Key"].endswith(".tflock"):
            write(**arguments)
        return write(**arguments)

    with monkeypatch.context() as lossy:
        lossy.setattr(other.connection.s3, "put_object", twice)
        copied = copy_state(one, one.address, other, other.address, Options(), keeps_versions=True)

    assert copied.verified == 4
    assert copy(site).copied == 0
    assert other.read().header.serial == 3


def test_who_stops_early_stops_all_and_leaves_no_lock(site: Site) -> None:
    """Each state ends after the version that it is at; the next run goes on there."""
    for key in (OLD, "old/b.tfstate"):
        put(site, key, *states(*range(1, 9)))
    here, there = End(site.backend("", "both"), "old/"), End(site.backend("", "both"), "new/")
    tasks = tasks_of(here, there).tasks

    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(copy_all(here, there, tasks, Options(), interrupted))

    assert len(contents(site, NEW)) < 8
    present = site.keys()
    assert not [key for key in present if key.endswith(".tflock")]
    assert [each.copied.copied for each in copy_all(here, there, tasks, Options()) if each.copied]
    assert contents(site, NEW) == contents(site, OLD)


def test_another_state_is_not_overwritten(site: Site) -> None:
    """Another lineage at the target is somebody else's; --force keeps it as an older version."""
    put(site, OLD, *states(1, 2))
    [foreign] = states(7, lineage=OTHER_LINEAGE)
    put(site, NEW, foreign)

    with pytest.raises(ForeignLineage, match=OTHER_LINEAGE):
        copy(site)
    assert contents(site, NEW) == [foreign]

    copy(site, Options(force=True))
    assert contents(site, NEW) == [foreign, *states(1, 2)]


def test_a_target_that_went_on_is_not_overwritten(site: Site) -> None:
    """Somebody works at the target already."""
    put(site, OLD, *states(1, 2))
    copy(site)
    put(site, NEW, *states(3))

    with pytest.raises(StaleSerial, match="serial 3"):
        copy(site)


def test_force_is_no_use_where_no_versions_are_kept(site: Site) -> None:
    """What is there would be lost."""
    put(site, OLD, *states(1))
    put(site, NEW, *states(7, lineage=OTHER_LINEAGE))

    with pytest.raises(NotVersioned):
        copy(site, Options(force=True), keeps_versions=False)


def test_without_versions_the_newest_is_copied(site: Site) -> None:
    """And it is said how many are left out."""
    put(site, OLD, *states(1, 2, 3))

    copied = copy(site, keeps_versions=False)

    assert contents(site, NEW) == states(3)
    assert (copied.copied, copied.left_out) == (1, 2)


def test_a_dry_run_writes_nothing_and_takes_no_lock(site: Site) -> None:
    """It says what would be copied, also while somebody holds the lock."""
    put(site, OLD, *states(1, 2))
    with site.backend(OLD, "table").lock("OperationTypeApply"):
        copied = copy(site, Options(dry_run=True))

    assert copied.copied == 2
    assert contents(site, NEW) == []


@pytest.mark.parametrize(("key", "lock"), [(OLD, "table"), (NEW, "file")])
def test_a_lock_at_either_end_is_respected(site: Site, key: str, lock: str) -> None:
    """Nothing is copied, and the other end's lock is given back."""
    put(site, OLD, *states(1))
    with site.backend(key, lock).lock("OperationTypeApply"), pytest.raises(LockHeld):
        copy(site)

    assert contents(site, NEW) == []
    assert site.backend(OLD, "both").holder() == []
    assert site.backend(NEW, "both").holder() == []


def test_a_live_copys_lock_is_not_broken(site: Site) -> None:
    """Its process runs, so its lock is as good as anybody's."""
    put(site, OLD, *states(1))
    from holdfast.operations.copying import leftover

    with site.backend(OLD, "table").lock("copy", info=leftover._process()), pytest.raises(LockHeld):
        copy(site)


def test_the_lock_of_a_dead_copy_is_broken(site: Site, tmp_path: Path) -> None:
    """It was killed on this machine, so nobody else can hold it."""
    put(site, OLD, *states(1))
    script = "from holdfast.operations.copying import leftover; print(leftover._process())"
    info = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout.strip()
    one = site.backend(OLD, "table")
    one.places[0].put(one.address, new_info(one.address, "copy", info).document())

    assert copy(site).copied == 1


def test_the_lock_of_a_copy_whose_end_nobody_asked_for_is_broken(site: Site) -> None:
    """A zombie, as in a container whose first process looks after none."""
    put(site, OLD, *states(1))
    script = (
        "from holdfast.operations.copying import leftover; print(leftover._process(), flush=True); "
        "input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        info = process.stdout.readline().strip()
        one = site.backend(OLD, "table")
        one.places[0].put(one.address, new_info(one.address, "copy", info).document())
        with pytest.raises(LockHeld):
            copy(site)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert copy(site).copied == 1


def test_all_states_below_a_prefix_are_copied(site: Site) -> None:
    """Lock files and what is no state are left out; one that fails does not stop the others."""
    put(site, "prod/a.tfstate", *states(1, 2))
    put(site, "prod/env/b", *states(5))
    put(site, "prod/c.tfstate", *states(1), None)
    put(site, "prod/held.tfstate", *states(1))
    put(site, "prod/readme.txt", b"text")
    here = End(site.backend("", "both"), "prod/")
    there = End(site.backend("", "file"), "copy/")

    with site.backend("prod/held.tfstate", "both").lock("OperationTypeApply"):
        found = tasks_of(here, there)
        results = list(copy_all(here, there, found.tasks, Options()))

    assert found.not_states == ("prod/readme.txt",)
    failed = [each.task.source.object_key for each in results if each.problem]
    assert failed == ["prod/held.tfstate"]
    for name in ("a.tfstate", "env/b", "c.tfstate"):
        assert contents(site, f"copy/{name}") == contents(site, f"prod/{name}")
    assert contents(site, "copy/held.tfstate") == []


def test_all_workspaces_of_a_key_are_copied(site: Site) -> None:
    """Each to the same workspace of the other key."""
    put(site, OLD, *states(1))
    put(site, f"env:/blue/{OLD}", *states(2))
    here, there = End(site.backend(OLD), None), End(site.backend(NEW), None)

    found = tasks_of(here, there, workspaces=True)
    list(copy_all(here, there, found.tasks, Options()))

    assert [task.target.object_key for task in found.tasks] == [NEW, f"env:/blue/{NEW}"]
    assert contents(site, f"env:/blue/{NEW}") == states(2)


def test_progress_counts_bytes(site: Site) -> None:
    """It ends at the size of everything."""
    put(site, OLD, *states(1, 2, 3))
    here, there = End(site.backend(OLD), None), End(site.backend(NEW), None)
    seen: list[tuple[int, int]] = []

    tasks: tuple[Task, ...] = tasks_of(here, there).tasks
    list(copy_all(here, there, tasks, Options(), lambda done, total: seen.append((done, total))))

    total = sum(len(body) for body in states(1, 2, 3))
    assert seen[-1] == (total, total)


def test_a_copy_onto_itself_is_refused(site: Site) -> None:
    """The same key, or a prefix within the other."""
    with pytest.raises(SamePlace):
        check_apart(End(site.backend(OLD), None), End(site.backend(OLD), None))
    with pytest.raises(SamePlace):
        check_apart(End(site.backend(""), "a/"), End(site.backend(""), "a/b/"))
