"""Restoring older versions of a state: effect, lock, serial, digest, undo, and what is refused."""

import json

import pytest

from client_site import KEY, LINEAGE, Site, made_state
from holdfast.client.backend import Backend
from holdfast.client.errors import ForeignLineage, LockHeld, WrittenMeanwhile
from holdfast.operations.choosing import version_named
from holdfast.operations.restore import NotRestorable, Restored, prepare, restore
from holdfast.terraform.digest import Verdict, digest_of
from holdfast.terraform.statefile import parse

ENCRYPTED = {
    "serial": 4,
    "lineage": LINEAGE,
    "meta": {"key_provider.pbkdf2.x": "e30="},
    "encrypted_data": "AAAA",
    "encryption_version": "v0",
}


def fill(site: Site, *bodies: bytes, lock: str = "both") -> Backend:
    """Write versions one after the other and return a backend for them."""
    backend = site.same_backend(lock=lock)
    for body in bodies:
        with backend.lock("test") as held:
            backend.write(body, held=held, force=True)
    return backend


def go_back(backend: Backend, name: str) -> Restored:
    """Restore a version by its name."""
    return restore(backend, prepare(backend, version_named(backend, name)))


def contents(body: bytes) -> dict[str, object]:
    """Return what a state says, without its serial."""
    said: dict[str, object] = json.loads(body)
    said.pop("serial")
    return said


@pytest.mark.parametrize("lock", ["table", "file", "both", "none"])
def test_restores_the_old_content_under_the_next_serial(site: Site, lock: str) -> None:
    """The old content becomes the newest, with serial + 1, same lineage, right digest, no lock left."""
    old = made_state(1, resources={"a": "x", "b": "y"})
    backend = fill(site, old, made_state(2, resources={"a": "z"}), lock=lock)
    done = go_back(backend, "latest~1")
    body = site.body()
    assert contents(body) == contents(old)
    assert (parse(body).serial, parse(body).lineage) == (3, LINEAGE)
    assert done.written.serial == 3
    assert backend.holder() == []
    if lock in {"table", "both"}:
        assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(body)
        assert done.digest is Verdict.MATCHES


def test_keeps_every_other_byte(site: Site) -> None:
    """Numbers, order and layout of the old content are not touched."""
    old = made_state(1).replace(b'"check_results": null', b'"check_results":   null, "big": 1e400')
    backend = fill(site, old, made_state(2))
    go_back(backend, "serial:1")
    assert site.body() == old.replace(b'"serial": 1,', b'"serial": 3,')


def test_can_be_undone(site: Site) -> None:
    """Restoring the version that was replaced brings it back."""
    newest = made_state(2, resources={"a": "z"})
    backend = fill(site, made_state(1), newest)
    done = go_back(backend, "latest~1")
    assert done.plan.undoable
    assert done.plan.newest
    go_back(backend, done.plan.newest.version_id)
    assert contents(site.body()) == contents(newest)
    assert parse(site.body()).serial == 4


def test_shows_the_effect_and_changes_nothing(site: Site) -> None:
    """Preparing tells what would be lost and come back, and writes nothing."""
    backend = fill(site, made_state(1, resources={"a": "x"}), made_state(2, resources={"b": "y"}))
    plan = prepare(backend, version_named(backend, "latest~1"))
    assert plan.change
    assert [each.address for each in plan.change.of_kind("added")] == ["terraform_data.a"]
    assert [each.address for each in plan.change.of_kind("removed")] == ["terraform_data.b"]
    assert len(list(backend.history())) == 2


def test_restores_a_deleted_state(site: Site) -> None:
    """A state behind a delete marker comes back, with a serial after its last one and a digest."""
    backend = fill(site, made_state(7, resources={"a": "x"}))
    with backend.lock("test") as held:
        backend.delete(held=held)
    plan = prepare(backend, version_named(backend, "latest"))
    assert plan.deleted
    assert not plan.same
    restore(backend, plan)
    assert parse(site.body()).serial == 8
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(site.body())


def test_says_that_nothing_changes(site: Site) -> None:
    """A version with the present content is recognised."""
    backend = fill(site, made_state(1, outputs={}), made_state(2, outputs={}))
    assert prepare(backend, version_named(backend, "latest~1")).same


def test_goes_on_from_the_higher_serial(site: Site) -> None:
    """After a forced push of a lower serial, the result is above both."""
    backend = fill(site, made_state(50), made_state(4))
    go_back(backend, "latest~1")
    assert parse(site.body()).serial == 51


def test_goes_on_from_the_highest_serial_ever(site: Site) -> None:
    """A serial that a version in between had is not given out again to other content."""
    bodies = (made_state(1), made_state(50), made_state(90, "other-lineage"), made_state(4))
    backend = fill(site, *bodies)
    go_back(backend, "serial:1")
    assert parse(site.body()).serial == 51


def test_sets_a_tampered_digest(site: Site) -> None:
    """A digest that does not fit the present state is noted, and right afterwards."""
    backend = fill(site, made_state(1), made_state(2))
    site.dynamodb.put_item(
        TableName=site.table,
        Item={"LockID": {"S": f"{site.bucket}/{KEY}-md5"}, "Digest": {"S": "0" * 32}},
    )
    plan = prepare(backend, version_named(backend, "latest~1"))
    assert any("digest" in each for each in plan.notes)
    assert restore(backend, plan).digest is Verdict.MATCHES


def test_replaces_a_state_that_cannot_be_read(site: Site) -> None:
    """An unreadable newest version is no obstacle; the serial goes on from the last readable one."""
    backend = fill(site, made_state(5), b"{ not a state")
    plan = prepare(backend, version_named(backend, "latest~1"))
    assert plan.old is None
    assert plan.change is None
    restore(backend, plan)
    assert parse(site.body()).serial == 6


def test_waits_for_nobody_by_default(site: Site) -> None:
    """Somebody else's lock stops it, and nothing is written."""
    backend, other = fill(site, made_state(1), made_state(2)), site.backend()
    plan = prepare(backend, version_named(backend, "latest~1"))
    with other.lock("apply"), pytest.raises(LockHeld):
        restore(backend, plan)
    assert parse(site.body()).serial == 2


@pytest.mark.parametrize("lock", ["table", "none"])
def test_refuses_when_something_was_written_since(site: Site, lock: str) -> None:
    """What was shown has to be what is there, else nothing is restored."""
    backend = fill(site, made_state(1), made_state(2), lock=lock)
    plan = prepare(backend, version_named(backend, "latest~1"))
    fill(site, made_state(3), lock=lock)
    with pytest.raises(WrittenMeanwhile, match="since its effect was shown"):
        restore(backend, plan)
    assert parse(site.body()).serial == 3
    assert backend.holder() == []


def test_refuses_when_it_was_deleted_since(site: Site) -> None:
    """A deletion counts as a change too."""
    backend = fill(site, made_state(1), made_state(2))
    plan = prepare(backend, version_named(backend, "latest~1"))
    with site.same_backend().lock("test") as held:
        site.same_backend().delete(held=held)
    with pytest.raises(WrittenMeanwhile):
        restore(backend, plan)


@pytest.mark.parametrize(("wanted", "kept"), [("newest", "other-lineage"), ("version", LINEAGE)])
def test_another_lineage_has_to_be_chosen(site: Site, wanted: str, kept: str) -> None:
    """Where another state was written over it, the operator says whose lineage the result has."""
    backend = fill(site, made_state(3), made_state(1, "other-lineage", resources={"z": "1"}))
    chosen = version_named(backend, "latest~1")
    with pytest.raises(ForeignLineage, match="--lineage version"):
        prepare(backend, chosen)
    plan = prepare(backend, chosen, lineage="newest" if wanted == "newest" else "version")
    restore(backend, plan)
    assert (parse(site.body()).lineage, parse(site.body()).serial) == (kept, 4)


def test_an_encrypted_state_needs_as_is(site: Site) -> None:
    """Its serial also stands inside, so only its very bytes may be written."""
    encrypted = json.dumps(ENCRYPTED).encode()
    backend = fill(site, encrypted, json.dumps({**ENCRYPTED, "serial": 9}).encode())
    chosen = version_named(backend, "latest~1")
    with pytest.raises(NotRestorable, match="--as-is"):
        prepare(backend, chosen)
    plan = prepare(backend, chosen, as_is=True)
    assert any("serial does not grow" in each for each in plan.notes)
    restore(backend, plan)
    assert site.body() == encrypted


def test_no_bytes_that_come_back_have_no_digest(site: Site) -> None:
    """Undoing what replaced an object without bytes: Terraform refuses it beside any digest."""
    backend = fill(site, b"", made_state(2))
    assert restore(backend, prepare(backend, version_named(backend, "latest~1"), as_is=True))
    assert site.body() == b""
    assert site.item(f"{site.bucket}/{KEY}-md5") == {}


@pytest.mark.parametrize("body", [b"", b"{ not a state", b'{"version": 5}'])
def test_what_is_no_state_is_not_restored(site: Site, body: bytes) -> None:
    """A version that is no state is refused before anything is locked."""
    backend = fill(site, body, made_state(2))
    with pytest.raises(NotRestorable):
        prepare(backend, version_named(backend, "latest~1"))


def test_warns_where_no_versions_are_kept(site: Site) -> None:
    """With versioning suspended the present state is replaced, which cannot be undone."""
    backend = fill(site, made_state(1))
    site.s3.put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    fill(site, made_state(2))
    plan = prepare(backend, version_named(backend, "latest~1"))
    assert not plan.undoable
    assert any("CANNOT BE UNDONE" in each for each in plan.notes)
