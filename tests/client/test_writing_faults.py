"""Writes that are cut short: state and digest stay together, or the error says how to mend them."""

import subprocess
from typing import Any

import pytest
from botocore.exceptions import ClientError

from client_site import KEY, Site, made_state
from faulty_clients import break_after, break_before, lose_answer, run_before
from holdfast.client.errors import DigestMismatch, DigestNotWritten, WrittenMeanwhile
from holdfast.terraform.digest import Verdict, digest_of


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat at once."""
    monkeypatch.setattr("holdfast.client.digests.time.sleep", lambda _seconds: None)


def stored_digest(site: Site) -> str | None:
    """Return the digest in the table."""
    return site.item(f"{site.bucket}/{KEY}-md5").get("Digest")


def mend(site: Site, error: DigestNotWritten) -> None:
    """Run the command that an error names."""
    command = error.next_step.partition(": ")[2]
    subprocess.run(["bash", "-c", command], env=dict(site.server.env), check=True, timeout=60)


def test_a_digest_that_cannot_be_written_is_said_and_mended_by_the_command(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names a command; after it, the state is readable."""
    backend = site.backend(lock="both")
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
        with monkeypatch.context() as broken:
            break_before(broken, backend.connection.dynamodb, "put_item")
            with pytest.raises(DigestNotWritten) as failed:
                backend.write(made_state(2), held=held)

    assert failed.value.expected == digest_of(made_state(2))
    assert stored_digest(site) == digest_of(made_state(1))
    with pytest.raises(DigestMismatch):
        site.backend().read(settle=0)
    mend(site, failed.value)
    assert site.backend().read(settle=0).header.serial == 2


def test_a_digest_that_cannot_be_removed_is_said_and_mended_by_the_command(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a deletion too."""
    backend = site.backend()
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
        with monkeypatch.context() as broken:
            break_before(broken, backend.connection.dynamodb, "delete_item")
            with pytest.raises(DigestNotWritten) as failed:
                backend.delete(held=held)

    assert failed.value.expected is None
    assert stored_digest(site) == digest_of(made_state(1))
    mend(site, failed.value)
    assert stored_digest(site) is None


def test_a_short_outage_is_waited_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is tried again."""
    backend = site.backend()
    with backend.lock("test") as held:
        break_before(monkeypatch, backend.connection.dynamodb, "put_item", times=2)
        backend.write(made_state(1), held=held)

    assert stored_digest(site) == digest_of(made_state(1))


def test_writing_the_same_state_mends_its_digest(site: Site) -> None:
    """A state that is there already is not written again, but its digest is set right."""
    backend = site.backend()
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
        backend.digests.write(backend.address, "0" * 32)
        written = backend.write(made_state(1), held=held)

    assert not written.changed
    assert site.backend().read(settle=0).digest is Verdict.MATCHES


@pytest.mark.parametrize("lose", [lose_answer, break_after])
def test_a_lost_answer_to_the_write_is_a_write(
    site: Site, monkeypatch: pytest.MonkeyPatch, lose: Any
) -> None:
    """What was stored is recognised as ours; there is one version of it, and its digest."""
    backend = site.backend(lock="table")
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
        lose(monkeypatch, backend.connection.s3, "put_object")
        written = backend.write(made_state(2), held=held)

    newest, _ = site.backend().history()
    assert (newest.version_id, newest.serial) == (written.version_id, 2)
    assert stored_digest(site) == digest_of(made_state(2))


@pytest.mark.parametrize("before", [b"", made_state(1)])
def test_a_writer_without_the_lock_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    """If somebody writes between our look and our write, ours is refused and theirs stays."""
    backend = site.backend(lock="table")
    if before:
        backend.write(before, force=True)
    theirs = made_state(5, outputs={"whose": "theirs"})

    def intrude() -> None:
        site.backend(lock="table").write(theirs, force=True)

    with backend.lock("test") as held:
        run_before(monkeypatch, backend.connection.s3, "put_object", intrude)
        with pytest.raises(WrittenMeanwhile, match="written by somebody else"):
            backend.write(made_state(2), held=held)

    assert site.body() == theirs
    assert site.backend().read().digest is Verdict.MATCHES


def test_a_state_that_is_deleted_meanwhile_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleting without the lock is seen too."""
    backend = site.backend(lock="table")
    backend.write(made_state(1), force=True)
    with backend.lock("test") as held:
        run_before(
            monkeypatch,
            backend.connection.s3,
            "put_object",
            lambda: site.s3.delete_object(Bucket=site.bucket, Key=KEY),
        )
        with pytest.raises(WrittenMeanwhile, match="deleted by somebody else"):
            backend.write(made_state(2), held=held)


def test_a_store_without_conditional_writes_is_written_without(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that answers NotImplemented to a condition gets the write without it."""
    backend = site.backend(lock="table")
    real = backend.connection.s3.put_object

    def unconditional_only(**parameters: Any) -> Any:
        if "IfMatch" in parameters or "IfNoneMatch" in parameters:
            answer: Any = {
                "Error": {"Code": "NotImplemented"},
                "ResponseMetadata": {"HTTPStatusCode": 501},
            }
            raise ClientError(answer, "PutObject")
        return real(**parameters)

    monkeypatch.setattr(backend.connection.s3, "put_object", unconditional_only)
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
        backend.write(made_state(2), held=held)

    assert site.body() == made_state(2)


@pytest.mark.parametrize("operation", ["s3.put_object", "dynamodb.put_item"])
def test_ctrl_c_does_not_part_a_state_from_its_digest(
    site: Site, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """Interrupted right after either step, the digest fits the object, and the lock is released."""
    backend = site.backend(lock="both")
    service, method = operation.split(".")
    client = getattr(backend.connection, service)
    held = backend.lock("test")
    backend.write(made_state(1), held=held)
    real = getattr(client, method)
    calls: list[None] = []

    def interrupted(**parameters: Any) -> Any:
        answer = real(**parameters)
        calls.append(None)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(client, method, interrupted)
    with pytest.raises(KeyboardInterrupt), held:
        backend.write(made_state(2), held=held)

    assert site.backend().read(settle=0).header.serial == 2
    assert site.backend().holder() == []


def test_a_digest_that_follows_a_moment_later_is_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader between a writer's two steps looks again, as Terraform does."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    backend.digests.write(backend.address, digest_of(made_state(2)))
    pauses: list[float] = []

    def settle(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(2))

    monkeypatch.setattr("holdfast.client.reading.time.sleep", settle)

    assert backend.read().header.serial == 2
    assert pauses == [2.0, 2.0]


def test_a_digest_that_never_fits_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten seconds, as Terraform."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    backend.digests.write(backend.address, "0" * 32)
    pauses: list[float] = []
    monkeypatch.setattr("holdfast.client.reading.time.sleep", pauses.append)

    with pytest.raises(DigestMismatch):
        backend.read()

    assert sum(pauses) == 10


def test_a_table_that_cannot_be_read_stops_no_reader(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Terraform, which reads on without a check; the result says why."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    break_before(monkeypatch, backend.connection.dynamodb, "get_item")

    found = backend.read()

    assert found.digest is Verdict.MISSING
    assert found.digest_problem is not None
    assert "table" in found.digest_problem.happened
