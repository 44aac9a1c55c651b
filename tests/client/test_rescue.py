"""Rescuing the errored.tfstate of a lost apply: what is pushed, refused, taken over and mended."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client_site import KEY, Site, made_state
from holdfast.client.backend import Backend
from holdfast.client.errors import (
    ForeignLineage,
    LockHeld,
    NoSuchState,
    NotAState,
    StaleSerial,
    WrittenMeanwhile,
)
from holdfast.client.locking import new_info
from holdfast.operations.rescue import Lost, Rescue, Standing, load, prepare, rescue
from holdfast.terraform.digest import digest_of
from holdfast.terraform.lockinfo import LockInfo, rfc3339
from holdfast.terraform.statefile import parse


def fill(backend: Backend, *bodies: bytes) -> None:
    """Write versions one after the other."""
    for body in bodies:
        with backend.lock("test") as held:
            backend.write(body, held=held, force=True)


def errored(tmp_path: Path, body: bytes) -> Lost:
    """Leave a file as Terraform does, and load it."""
    path = tmp_path / "errored.tfstate"
    path.write_bytes(body)
    return load(path)


def leave_lock(site: Site, lock: str = "both", **fields: str) -> LockInfo:
    """Leave a lock behind, as a run that was killed does."""
    backend = site.same_backend(lock=lock)
    made = new_info(backend.address, "OperationTypeApply")
    info = LockInfo(
        id=made.id,
        operation=made.operation,
        who=fields.get("who", made.who),
        version="1.11.4",
        created=fields.get("created", made.created),
        path=made.path,
    )
    for place in backend.places:
        place.put(backend.address, info.document())
    return info


def prepared(site: Site, tmp_path: Path, body: bytes, *, force: bool = False) -> Rescue:
    """Write the file, and prepare to rescue it."""
    return prepare(site.same_backend(), errored(tmp_path, body), force=force)


def test_pushes_what_follows_the_stored_state(site: Site, tmp_path: Path) -> None:
    """The next serial of the same lineage is written byte for byte, with its digest, and unlocked."""
    fill(site.same_backend(), made_state(1))
    body = made_state(2, resources={"made": "x"})
    plan = prepared(site, tmp_path, body)
    assert plan.standing is Standing.TO_PUSH
    assert plan.change
    assert [each.address for each in plan.change.of_kind("added")] == ["terraform_data.made"]
    done = rescue(site.same_backend(), plan, take_over=False)
    assert done.written
    assert site.body() == body
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(body)
    assert site.same_backend().holder() == []


def test_pushes_the_first_state_of_all(site: Site, tmp_path: Path) -> None:
    """A first apply that could not store anything is rescued too."""
    body = made_state(1, resources={"made": "x"})
    rescue(site.same_backend(), prepared(site, tmp_path, body), take_over=False)
    assert site.body() == body


@pytest.mark.parametrize("lock", ["table", "file", "both"])
def test_takes_over_the_lock_that_was_left(site: Site, tmp_path: Path, lock: str) -> None:
    """The lost apply's lock is recognised, held during the push, and released in every place."""
    backend = site.same_backend(lock=lock)
    fill(backend, made_state(1))
    leave_lock(site, lock)
    plan = prepare(backend, errored(tmp_path, made_state(2)))
    assert plan.same_run
    done = rescue(backend, plan, take_over=True)
    assert set(done.released) == set(backend.settings.lock_places)
    assert parse(site.body()).serial == 2
    assert site.same_backend().holder() == []


def test_doing_it_twice_does_no_harm(site: Site, tmp_path: Path) -> None:
    """Once rescued, there is nothing left to do."""
    fill(site.same_backend(), made_state(1))
    leave_lock(site)
    body = made_state(2)
    rescue(site.same_backend(), prepared(site, tmp_path, body), take_over=True)
    again = prepared(site, tmp_path, body)
    assert again.standing is Standing.STORED
    assert again.nothing_to_do
    assert len(list(site.same_backend().history())) == 2


def test_goes_on_where_it_was_interrupted(site: Site, tmp_path: Path) -> None:
    """Pushed, but with the old digest and the lock still there: the rest is done."""
    fill(site.same_backend(), made_state(1), made_state(2))
    site.dynamodb.put_item(
        TableName=site.table,
        Item={
            "LockID": {"S": f"{site.bucket}/{KEY}-md5"},
            "Digest": {"S": digest_of(made_state(1))},
        },
    )
    leave_lock(site)
    plan = prepared(site, tmp_path, made_state(2))
    assert (plan.standing, plan.digest_wrong) == (Standing.STORED, True)
    done = rescue(site.same_backend(), plan, take_over=True)
    assert done.written is None
    assert done.digest_mended
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(made_state(2))
    assert site.same_backend().holder() == []


def test_a_state_that_was_pushed_by_terraform_is_recognised(site: Site, tmp_path: Path) -> None:
    """Terraform's `state push` stores it under the next serial: it is the same all the same."""
    fill(site.same_backend(), made_state(3, outputs={}))
    plan = prepared(site, tmp_path, made_state(2, outputs={}))
    assert plan.standing is Standing.STORED


def test_a_superseded_file_is_not_pushed(site: Site, tmp_path: Path) -> None:
    """A file that was stored, and followed by newer states, is left alone."""
    fill(site.same_backend(), made_state(2), made_state(3))
    plan = prepared(site, tmp_path, made_state(2))
    assert plan.standing is Standing.SUPERSEDED
    assert plan.nothing_to_do


@pytest.mark.parametrize("serial", [2, 3])
def test_refuses_when_others_wrote_since(site: Site, tmp_path: Path, serial: int) -> None:
    """Another state with that serial or a higher one is not overwritten."""
    fill(site.same_backend(), made_state(1), made_state(serial, resources={"theirs": "1"}))
    with pytest.raises(StaleSerial, match="somebody wrote the state"):
        prepared(site, tmp_path, made_state(2, resources={"mine": "1"}))


def test_force_pushes_under_the_next_serial(site: Site, tmp_path: Path) -> None:
    """Forced, it comes after what others wrote, which stays as a version."""
    fill(site.same_backend(), made_state(1), made_state(7, resources={"theirs": "1"}))
    plan = prepared(site, tmp_path, made_state(2, resources={"mine": "1"}), force=True)
    rescue(site.same_backend(), plan, take_over=False)
    state = parse(site.body())
    assert state.serial == 8
    assert [each.address for each in state.instances] == ["terraform_data.mine"]


def test_refuses_other_infrastructure(site: Site, tmp_path: Path) -> None:
    """A file of another lineage is not pushed."""
    fill(site.same_backend(), made_state(1))
    with pytest.raises(ForeignLineage, match="do not belong to the same infrastructure"):
        prepared(site, tmp_path, made_state(2, "another"))


def test_somebody_elses_lock_is_not_taken_over(site: Site, tmp_path: Path) -> None:
    """A lock of another person is not held for the lost apply's; without being told it stops us."""
    fill(site.same_backend(), made_state(1))
    leave_lock(site, who="somebody@else")
    plan = prepared(site, tmp_path, made_state(2))
    assert not plan.same_run
    assert "taken by somebody@else" in plan.evidence[0]
    with pytest.raises(LockHeld):
        rescue(site.same_backend(), plan, take_over=False)
    assert parse(site.body()).serial == 1


def test_a_lock_that_is_younger_than_the_file_is_not_the_lost_applys(
    site: Site, tmp_path: Path
) -> None:
    """Somebody took it after the apply had ended: our own new apply, perhaps."""
    fill(site.same_backend(), made_state(1))
    lost = errored(tmp_path, made_state(2))
    hour_ago = time.time() - 3600
    os.utime(lost.path, (hour_ago, hour_ago))
    leave_lock(site)
    plan = prepare(site.same_backend(), load(lost.path))
    assert not plan.same_run
    assert "after errored.tfstate was written" in plan.evidence[1]


def test_an_old_lock_of_the_same_run_counts(site: Site, tmp_path: Path) -> None:
    """An apply may have run for hours before it lost its state."""
    fill(site.same_backend(), made_state(1))
    leave_lock(site, created=rfc3339(datetime.now(UTC) - timedelta(hours=5)))
    plan = prepared(site, tmp_path, made_state(2))
    assert plan.same_run
    assert "5 h before" in plan.evidence[1]


def test_refuses_when_the_lock_changed_hands(site: Site, tmp_path: Path) -> None:
    """The lock that is taken over has to be the one that was shown."""
    fill(site.same_backend(), made_state(1))
    info = leave_lock(site)
    plan = prepared(site, tmp_path, made_state(2))
    site.same_backend().unlock(info.id)
    other = leave_lock(site)
    with pytest.raises(LockHeld, match="not the one any more"):
        rescue(site.same_backend(), plan, take_over=True)
    assert {each.info.id for each in site.same_backend().holder()} == {other.id}


def test_refuses_when_something_was_written_since(site: Site, tmp_path: Path) -> None:
    """What was compared has to be what is there; the lock that was left stays."""
    fill(site.same_backend(), made_state(1))
    plan = prepared(site, tmp_path, made_state(2))
    fill(site.same_backend(), made_state(5))
    info = leave_lock(site)
    plan = Rescue(**{**vars(plan), "lock": prepared(site, tmp_path, made_state(6)).lock})
    with pytest.raises(WrittenMeanwhile):
        rescue(site.same_backend(), plan, take_over=True)
    assert {each.info.id for each in site.same_backend().holder()} == {info.id}


def test_the_other_place_is_locked_too(site: Site, tmp_path: Path) -> None:
    """A lock that lies in one of two places is completed for the push, and released from both."""
    fill(site.same_backend(), made_state(1))
    leave_lock(site, "table")
    plan = prepared(site, tmp_path, made_state(2))
    done = rescue(site.same_backend(), plan, take_over=True)
    assert set(done.released) == {"table", "file"}
    assert site.keys() == [KEY]


@pytest.mark.parametrize("body", [b"", b"{", json.dumps({"version": 9}).encode()])
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, body: bytes) -> None:
    """What cannot be read is not pushed."""
    with pytest.raises(NotAState):
        errored(tmp_path, body)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """The error says where Terraform writes the file."""
    with pytest.raises(NoSuchState, match="in which the apply ran"):
        load(tmp_path / "errored.tfstate")
