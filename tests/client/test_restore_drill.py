"""The rehearsal of restoring: finds what could not be brought back, and changes nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from client_site import LINEAGE, Site, made_state
from holdfast.operations.drill import Drill, Drilled, drill

ENCRYPTED = {
    "serial": 4,
    "lineage": LINEAGE,
    "meta": {"key_provider.pbkdf2.x": "e30="},
    "encrypted_data": "AAAA",
    "encryption_version": "v0",
}


def put(site: Site, key: str, *bodies: bytes) -> None:
    """Write versions of an object."""
    for body in bodies:
        site.s3.put_object(Bucket=site.bucket, Key=key, Body=body)


def versions(site: Site) -> list[str]:
    """Return the ids of everything in the bucket."""
    listed = site.s3.list_object_versions(Bucket=site.bucket)
    return [entry["VersionId"] for entry in [*listed["Versions"], *listed.get("DeleteMarkers", [])]]


def only(found: Drill) -> Drilled:
    """Return the one state that was found."""
    assert len(found.states) == 1
    return found.states[0]


def test_proves_states_restorable_and_changes_nothing(site: Site) -> None:
    """Every state below the prefix is read; no object, lock or digest is written."""
    put(site, "prod/a.tfstate", made_state(1), made_state(2))
    put(site, "prod/b.tfstate", made_state(8))
    put(site, "env:/dev/prod/a.tfstate", made_state(1), made_state(2))
    put(site, "prod/notes.txt", b"no state")
    before = versions(site)
    found = drill(site.backend(), "prod/")
    assert found.passed
    assert [each.address.key for each in found.states] == ["prod/a.tfstate", "prod/b.tfstate"]
    assert [each.serial for each in found.states] == [1, 8]
    assert found.states[1].remarks == ("has only one version so far",)
    assert versions(site) == before
    assert site.dynamodb.scan(TableName=site.table)["Items"] == []


def test_a_deleted_state_is_rehearsed_too(site: Site) -> None:
    """What would come back is its last version."""
    put(site, "a.tfstate", made_state(1), made_state(2))
    site.s3.delete_object(Bucket=site.bucket, Key="a.tfstate")
    each = only(drill(site.backend()))
    assert each.deleted
    assert each.serial == 2
    assert not each.problems


def test_goes_back_to_a_time(site: Site) -> None:
    """With a moment, each state is rehearsed as it was then."""
    put(site, "a.tfstate", made_state(1))
    each = only(drill(site.backend(), moment=datetime.now(UTC) + timedelta(minutes=1)))
    assert each.serial == 1
    early = only(drill(site.backend(), moment=datetime(2020, 1, 1, tzinfo=UTC)))
    assert "there was no state" in early.problems[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{ not a state", "is no state"),
        (b"", "has no bytes"),
        (made_state(1, "another"), "has lineage another, the newest has " + LINEAGE),
    ],
)
def test_finds_versions_that_cannot_be_restored(site: Site, body: bytes, said: str) -> None:
    """A version that is no state of that lineage is a problem."""
    put(site, "a.tfstate", body, made_state(2))
    found = drill(site.backend())
    assert not found.passed
    assert said in only(found).problems[0]


def test_an_encrypted_state_is_read_and_no_more(site: Site) -> None:
    """It counts as restorable, with what it needs said."""
    body = json.dumps(ENCRYPTED).encode()
    put(site, "a.tfstate", body, body)
    found = drill(site.backend())
    assert found.passed
    assert "--as-is" in only(found).remarks[0]


def test_a_bucket_without_versions_is_a_problem(site: Site) -> None:
    """Where nothing old is kept, nothing can be restored from now on."""
    put(site, "a.tfstate", made_state(1))
    site.s3.put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    found = drill(site.backend())
    assert not found.passed
    assert "keeps no versions" in found.problems[0]


def test_a_missing_lock_table_is_a_problem(site: Site) -> None:
    """Without its table no state could be locked for restoring."""
    put(site, "a.tfstate", made_state(1), made_state(2))
    site.dynamodb.delete_table(TableName=site.table)
    found = drill(site.backend(lock="table"))
    assert not found.passed


def test_says_who_holds_a_lock(site: Site) -> None:
    """A lock is no problem, but restoring would have to wait for it."""
    backend = site.backend("a.tfstate")
    put(site, "a.tfstate", made_state(1), made_state(2))
    with backend.lock("apply"):
        found = drill(site.backend())
    assert found.passed
    assert any("is locked by" in each for each in only(found).remarks)
