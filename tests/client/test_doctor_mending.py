"""What `doctor --fix` mends: under the lock, exactly what was shown, and nothing else."""

import pytest

from client_site import Site, made_state
from diagnoses import diagnosed, found, put, put_item
from holdfast.client.backend import Backend
from holdfast.client.errors import LockHeld
from holdfast.operations.doctor.mend import Mended, mend
from holdfast.operations.doctor.survey import Options
from holdfast.terraform.digest import digest_of

KEY = "app.tfstate"
OLD = '{"ID":"old","Operation":"OperationTypeApply","Who":"ci@x","Created":"2020-01-01T00:00:00Z"}'


def mended(backend: Backend, *checks: str) -> list[Mended]:
    """Mend all that some checks find."""
    return list(mend(backend.connection, diagnosed(backend, *checks).findings))


def digest(site: Site, key: str = KEY) -> str | None:
    """Return the digest that is stored for a key."""
    return site.item(f"{site.bucket}/{key}-md5").get("Digest")


@pytest.mark.parametrize(
    ("check", "stored"), [("HF301", "0" * 32), ("HF303", "hello"), ("HF304", None)]
)
def test_a_digest_is_made_that_of_the_state(site: Site, check: str, stored: str | None) -> None:
    """Wrong, unreadable or missing; then Terraform and we read it."""
    put(site, KEY, made_state(1), digest=stored)

    (done,) = mended(site.backend(), check)

    assert not done.problem
    assert digest(site) == digest_of(made_state(1))
    assert site.backend(KEY).read().body == made_state(1)
    assert found(site.backend(), check) == ()


def test_an_orphan_digest_is_removed(site: Site) -> None:
    """Then the key can be used for a new state."""
    put_item(site, f"{KEY}-md5", {"Digest": "1" * 32})

    (done,) = mended(site.backend(), "HF302")

    assert done.done == "removed the digest"
    assert digest(site) is None


def test_nothing_is_mended_under_anothers_lock(site: Site) -> None:
    """The holder may be writing; the digest stays as it is."""
    put(site, KEY, made_state(1), digest="0" * 32)
    with site.backend(KEY).lock("OperationTypeApply") as held:
        (done,) = mended(site.backend(), "HF301")
        held.check()

    assert "is locked by" in done.problem
    assert digest(site) == "0" * 32


def test_the_lock_is_given_back(site: Site) -> None:
    """A repair leaves nothing behind."""
    put(site, KEY, made_state(1), digest="0" * 32)
    mended(site.backend(), "HF301")

    with site.backend(KEY).lock("next"):
        pass


def test_a_damaged_state_gets_no_digest(site: Site) -> None:
    """A right digest would make Terraform trust it."""
    put(site, KEY, b'{"version": 4, "se', digest=made_state(1))

    (done,) = mended(site.backend(), "HF301")

    assert "is no state" in done.problem
    assert "restore" in done.next_step
    assert digest(site) == digest_of(made_state(1))


def test_a_state_that_was_written_meanwhile_gets_its_own_digest(site: Site) -> None:
    """What was found is looked at again under the lock."""
    put(site, KEY, made_state(1), digest="0" * 32)
    findings = diagnosed(site.backend(), "HF301").findings
    backend = site.backend(KEY)
    with backend.lock("x") as held:
        backend.write(made_state(2), held=held, force=True)

    (done,) = mend(site.backend().connection, findings)

    assert done.done == "the digest was right already"
    assert digest(site) == digest_of(made_state(2))


def test_a_state_that_came_back_keeps_its_digest(site: Site) -> None:
    """An orphan that is none any more is not removed."""
    put_item(site, f"{KEY}-md5", {"Digest": digest_of(made_state(1))})
    findings = diagnosed(site.backend(), "HF302").findings
    put(site, KEY, made_state(1))

    (done,) = mend(site.backend().connection, findings)

    assert done.done == "the digest was right already"
    assert digest(site) == digest_of(made_state(1))


def test_stale_and_unreadable_locks_are_broken(site: Site) -> None:
    """In the table and in lock files; young ones stay."""
    put_item(site, "stale.tfstate", {"Info": OLD})
    put_item(site, "odd.tfstate", {"Info": "nonsense"})
    site.s3.put_object(Bucket=site.bucket, Key="file.tfstate.tflock", Body=OLD.encode())
    with site.backend("young.tfstate").lock("x") as held:
        done = mended(site.backend(), "HF201", "HF202")
        held.check()

    assert {one.finding.address.key for one in done if one.finding.address and one.done} == {
        "stale.tfstate",
        "odd.tfstate",
        "file.tfstate",
    }
    assert all(not key.endswith(".tflock") for key in iter(site.keys()))
    assert site.item(f"{site.bucket}/stale.tfstate") == {}


def test_the_lock_of_a_new_holder_stays(site: Site) -> None:
    """The stale one was broken and taken by another since it was found."""
    put_item(site, KEY, {"Info": OLD})
    findings = diagnosed(site.backend(), "HF201").findings
    site.dynamodb.delete_item(TableName=site.table, Key={"LockID": {"S": f"{site.bucket}/{KEY}"}})
    new = site.backend(KEY).lock("new")

    (done,) = mend(site.backend().connection, findings)

    assert new.info.id in done.problem
    new.check()


def test_a_stale_lock_is_broken_before_what_needs_the_lock(site: Site) -> None:
    """A killed apply left both, and one command mends both."""
    put(site, KEY, made_state(1), digest="0" * 32)
    put_item(site, KEY, {"Info": OLD})

    done = mended(site.backend(), "HF301", "HF201")

    assert [one.finding.check.id for one in done if one.done] == ["HF201", "HF301"]


def test_what_cannot_be_mended_does_not_stop_the_rest(site: Site) -> None:
    """Each finding is tried."""
    put(site, "a.tfstate", b"broken", digest="0" * 32)
    put(site, "b.tfstate", made_state(1), digest="0" * 32)

    first, second = mended(site.backend(), "HF301")

    assert first.problem
    assert second.done


def test_diagnosing_changes_nothing(site: Site) -> None:
    """Not a byte in the bucket or the table."""
    put(site, KEY, made_state(1), digest="0" * 32)
    put_item(site, "x.tfstate", {"Info": "nonsense"})
    before = _everything(site)

    diagnosed(site.backend(), options=Options(profiles=()))

    assert _everything(site) == before
    with pytest.raises(LockHeld):
        site.backend("x.tfstate").lock("still locked")


def _everything(site: Site) -> tuple[object, object]:
    versions = site.s3.list_object_versions(Bucket=site.bucket)
    items = site.dynamodb.scan(TableName=site.table)["Items"]
    marks = [(one["Key"], one["VersionId"]) for one in versions.get("DeleteMarkers", [])]
    return [(one["Key"], one["VersionId"]) for one in versions.get("Versions", [])] + marks, items
