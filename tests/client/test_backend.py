"""Reading, writing and deleting states, as another client then finds them."""

import pytest
from botocore.exceptions import ClientError

from client_site import KEY, LINEAGE, Site, made_state
from holdfast import Backend, NoSuchState, StaleSerial
from holdfast.client.errors import (
    DigestMismatch,
    ForeignLineage,
    LockLost,
    NoSuchBucket,
    NoSuchTable,
    NotAState,
    NotConfigured,
    NotLocked,
)
from holdfast.terraform.digest import Verdict, digest_of

HALF = made_state(6).replace(b'"resources": []', b'"resources": [{"mode": "managed"}]')


def put(backend: Backend, body: bytes) -> None:
    """Write a state under its lock."""
    with backend.lock("test") as held:
        backend.write(body, held=held)


def test_what_one_client_writes_another_reads(site: Site) -> None:
    """Body, serial and digest arrive."""
    put(site.backend(), made_state(3))

    found = site.backend().read()

    assert found.body == made_state(3)
    assert (found.header.serial, found.state.lineage) == (3, LINEAGE)
    assert found.digest is Verdict.MATCHES
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(made_state(3))


def test_a_write_says_what_it_left(site: Site) -> None:
    """Serial, ETag and version are those of the object."""
    backend = site.backend()
    with backend.lock("test") as held:
        written = backend.write(made_state(7), held=held)

    head = site.s3.head_object(Bucket=site.bucket, Key=KEY)
    assert (written.serial, written.lineage, written.changed) == (7, LINEAGE, True)
    assert (written.etag, written.version_id) == (head["ETag"], head["VersionId"])
    assert head["ContentType"] == "application/json"


def test_the_same_state_is_not_written_again(site: Site) -> None:
    """A second write of the same bytes makes no version."""
    backend = site.backend()
    put(backend, made_state(1))
    with backend.lock("test") as held:
        written = backend.write(made_state(1), held=held)

    assert not written.changed
    assert len(list(backend.history(headers=False))) == 1


def test_a_write_without_a_lock_is_refused(site: Site) -> None:
    """Nothing is written unless the lock is held, or it is forced."""
    backend = site.backend()

    with pytest.raises(NotLocked):
        backend.write(made_state(1))
    assert site.keys() == []

    backend.write(made_state(1), force=True)
    assert site.body() == made_state(1)


def test_the_lock_of_another_state_does_not_do(site: Site) -> None:
    """A lock of another workspace is not a lock of this state."""
    other = site.backend(workspace="other")
    with other.lock("test") as held, pytest.raises(NotLocked, match=r"lock held is of .*other"):
        site.backend().write(made_state(1), held=held)


def test_a_lost_lock_does_not_do(site: Site) -> None:
    """Who was forced out writes nothing more."""
    backend = site.backend()
    held = backend.lock("test")
    site.backend().unlock(held.info.id)

    with pytest.raises(LockLost):
        backend.write(made_state(1), held=held)
    assert site.keys() == []


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        pytest.param(made_state(4), StaleSerial, id="lower serial"),
        pytest.param(made_state(5, outputs={"a": "b"}), StaleSerial, id="other content"),
        pytest.param(made_state(6, "another-lineage"), ForeignLineage, id="other lineage"),
        pytest.param(made_state(6, ""), ForeignLineage, id="no lineage"),
        pytest.param(b"{}", NotAState, id="no state"),
        pytest.param(b"", NotAState, id="no bytes"),
        pytest.param(made_state(6)[:-9], NotAState, id="cut"),
        pytest.param(HALF, NotAState, id="readable at its top only"),
    ],
)
def test_a_state_that_does_not_follow_is_refused(
    site: Site, new: bytes, refusal: type[Exception]
) -> None:
    """As `terraform state push` refuses it; with force it is written."""
    backend = site.backend()
    put(backend, made_state(5))

    with backend.lock("test") as held:
        with pytest.raises(refusal):
            backend.write(new, held=held)
        assert site.body() == made_state(5)
        backend.write(new, held=held, force=True)

    assert site.body() == new
    # No digest fits what has no bytes.
    assert site.backend().read().digest is (Verdict.MATCHES if new else Verdict.MISSING)


@pytest.mark.parametrize("new", [b"", HALF, made_state(1, "")])
def test_what_terraform_would_not_write_is_refused_where_nothing_is(site: Site, new: bytes) -> None:
    """No bytes, half a state, no lineage; with force it is written."""
    backend = site.backend()

    with backend.lock("test") as held:
        with pytest.raises(NotAState):
            backend.write(new, held=held)
        assert not list(backend.history(headers=False))
        backend.write(new, held=held, force=True)

    assert site.body() == new


def test_an_empty_state_may_be_replaced_by_any(site: Site) -> None:
    """Neither serial nor lineage of a state that holds nothing matters."""
    put(site.backend(), made_state(9, "empty", outputs={}))
    put(site.backend(), made_state(1))

    assert site.body() == made_state(1)


def test_a_version_is_read_by_its_id(site: Site) -> None:
    """An older version is what was written then."""
    backend = site.backend()
    put(backend, made_state(1))
    put(backend, made_state(2))
    newest, oldest = backend.history()

    assert backend.read(version_id=oldest.version_id).body == made_state(1)
    assert backend.read(version_id=newest.version_id).header.serial == 2
    with pytest.raises(NoSuchState, match="has no version"):
        backend.read(version_id="AAZg0000000000000000000000000000")


def test_deleting_takes_the_digest_along(site: Site) -> None:
    """A deleted state leaves no digest that would stop Terraform; its versions stay."""
    backend = site.backend()
    put(backend, made_state(1))
    with backend.lock("test") as held:
        backend.delete(held=held)

    with pytest.raises(NoSuchState):
        site.backend().read()
    assert site.item(f"{site.bucket}/{KEY}-md5") == {}
    marker, version = backend.history()
    assert (marker.delete_marker, marker.is_latest, version.serial) == (True, True, 1)
    with backend.lock("test") as held, pytest.raises(NoSuchState):
        backend.delete(held=held)


def test_a_wrong_digest_is_refused(site: Site) -> None:
    """The error has both digests and the command that mends it, which mends it."""
    put(site.backend(), made_state(1))
    site.dynamodb.put_item(
        TableName=site.table,
        Item={"LockID": {"S": f"{site.bucket}/{KEY}-md5"}, "Digest": {"S": "0" * 32}},
    )

    with pytest.raises(DigestMismatch, match="aws dynamodb put-item") as refused:
        site.backend().read(settle=0)

    assert refused.value.stored == "0" * 32
    assert refused.value.calculated == digest_of(made_state(1))
    assert site.backend().read(accept_mismatch=True).digest is Verdict.DIFFERS


def test_a_digest_without_a_state_is_refused(site: Site) -> None:
    """Terraform would not use the key either."""
    site.dynamodb.put_item(
        TableName=site.table,
        Item={"LockID": {"S": f"{site.bucket}/{KEY}-md5"}, "Digest": {"S": "0" * 32}},
    )

    with pytest.raises(DigestMismatch, match=r"no state at .*aws dynamodb delete-item"):
        site.backend().read(settle=0)


def test_workspaces_are_those_of_the_key(site: Site) -> None:
    """Other keys' workspaces and lock files are not listed."""
    for workspace in ("default", "dev", "prod"):
        put(site.backend(workspace=workspace), made_state(1))
    put(site.backend("other/terraform.tfstate", workspace="unrelated"), made_state(1))

    with site.backend(workspace="dev").lock("test"):
        assert site.backend().workspaces() == ["default", "dev", "prod"]


def test_states_are_listed_with_their_lock_files(site: Site) -> None:
    """Every state of the bucket, whatever its key and workspace."""
    put(site.backend(), made_state(1))
    put(site.backend("net/terraform.tfstate", workspace="dev"), made_state(1))
    site.s3.put_object(Bucket=site.bucket, Key="readme.txt", Body=b"no state")

    with site.backend().lock("test"):
        listed = {str(state.address.url): state.lock_file for state in site.backend().states()}

    assert listed == {
        f"s3://{site.bucket}/{KEY}": True,
        f"s3://{site.bucket}/env:/dev/net/terraform.tfstate": False,
    }
    assert [s.address.workspace for s in site.backend().states("env:/")] == ["dev"]


def test_encryption_is_what_the_block_says(site: Site) -> None:
    """SSE-S3, and a customer's own key, for the state and for its lock file."""
    put(site.backend("s3", encrypt=True), made_state(1))
    assert site.s3.head_object(Bucket=site.bucket, Key="s3")["ServerSideEncryption"] == "AES256"

    own = site.backend(
        "own", encrypt=True, sse_customer_key="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    )
    put(own, made_state(2))
    assert own.read().header.serial == 2
    assert [version.serial for version in own.history()] == [2]
    with own.lock("test") as held:
        assert {found.info.id for found in own.holder()} == {held.info.id}
    with pytest.raises(ClientError):
        site.body("own")


def test_a_missing_bucket_and_table_are_named(site: Site) -> None:
    """Both errors say which one, and what makes one."""
    with pytest.raises(NoSuchBucket, match="no-such-bucket"):
        Backend(site.settings().changed(bucket="no-such-bucket", dynamodb_table=None)).read()
    with pytest.raises(NoSuchTable, match="no-such-table"):
        Backend(site.settings().changed(dynamodb_table="no-such-table")).lock("test")
    assert site.keys() == []


def test_a_backend_without_a_key_needs_an_address(site: Site) -> None:
    """Listing works without a key, reading asks for one; another bucket is refused."""
    backend = site.backend(key="")
    assert list(backend.states()) == []

    with pytest.raises(NotConfigured, match="no key"):
        backend.read()
    with pytest.raises(NotConfigured, match="not in the bucket"):
        backend.read(site.settings().changed(bucket="elsewhere").address())
