"""What time does to keys: deletion and rotation."""

from datetime import timedelta

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Alias
from holdfast.server.kms.due import delete_due_keys, rotate_due_keys
from kms_handlers import Kms


def test_key_is_deleted_on_its_date_with_its_aliases(kms: Kms) -> None:
    """Nothing is left of a key whose window has passed."""
    key_id, other = kms.create(), kms.create()
    kms("CreateAlias", AliasName="alias/gone", TargetKeyId=key_id)
    kms("CreateAlias", AliasName="alias/stays", TargetKeyId=other)
    kms("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    kms.advance(days=7)
    assert delete_due_keys(kms.engine, kms.now) == 1
    assert kms.record(key_id) is None
    assert kms.view(lambda tx: [alias.name for alias in tx.scan(Alias)]) == ["alias/stays"]
    with pytest.raises(ServiceError, match="NotFoundException"):
        kms("DescribeKey", KeyId=key_id)


def test_key_stays_before_its_date(kms: Kms) -> None:
    """A second too early, the key is still there."""
    key_id = kms.create()
    kms("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    assert delete_due_keys(kms.engine, kms.now + timedelta(days=7, seconds=-1)) == 0
    assert kms.record(key_id) is not None


def test_key_stays_when_its_deletion_was_cancelled(kms: Kms) -> None:
    """A cancelled deletion never happens."""
    key_id = kms.create()
    kms("ScheduleKeyDeletion", KeyId=key_id)
    kms("CancelKeyDeletion", KeyId=key_id)
    kms.advance(days=60)
    assert delete_due_keys(kms.engine, kms.now) == 0


def test_deletion_is_bounded(kms: Kms) -> None:
    """One call deletes at most as many keys as it is told."""
    for _ in range(3):
        kms("ScheduleKeyDeletion", KeyId=kms.create())
    kms.advance(days=31)
    assert delete_due_keys(kms.engine, kms.now, limit=2) == 2
    assert delete_due_keys(kms.engine, kms.now, limit=2) == 1


def test_decrypt_names_no_deleted_key(kms: Kms) -> None:
    """What a deleted key encrypted is lost, and the error is AWS's."""
    key_id = kms.create()
    blob = kms("Encrypt", KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    kms("ScheduleKeyDeletion", KeyId=key_id)
    kms.advance(days=31)
    delete_due_keys(kms.engine, kms.now)
    with pytest.raises(ServiceError, match="AccessDeniedException: The ciphertext refers to"):
        kms("Decrypt", CiphertextBlob=blob)


def test_key_rotates_when_due_and_reads_what_is_old(kms: Kms) -> None:
    """The date comes, new material encrypts, and the old ciphertext stays readable."""
    key_id = kms.create()
    kms("EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=90)
    old = kms("Encrypt", KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    kms.advance(days=89)
    assert rotate_due_keys(kms.engine, kms.site, kms.now) == 0
    kms.advance(days=1)
    assert rotate_due_keys(kms.engine, kms.site, kms.now) == 1
    assert rotate_due_keys(kms.engine, kms.site, kms.now) == 0
    (rotation,) = kms("ListKeyRotations", KeyId=key_id)["Rotations"]
    assert (rotation["RotationDate"], rotation["RotationType"]) == (kms.now, "AUTOMATIC")
    assert kms("Decrypt", CiphertextBlob=old)["Plaintext"] == b"secret"
    due = kms("GetKeyRotationStatus", KeyId=key_id)["NextRotationDate"]
    assert due == kms.now + timedelta(days=90)


@pytest.mark.parametrize("stop", ["DisableKey", "ScheduleKeyDeletion", "DisableKeyRotation"])
def test_key_that_may_not_rotate_does_not(kms: Kms, stop: str) -> None:
    """Neither a disabled key, nor one about to be deleted, nor one with rotation off rotates."""
    key_id = kms.create()
    kms("EnableKeyRotation", KeyId=key_id)
    kms(stop, KeyId=key_id)
    kms.advance(days=366)
    assert rotate_due_keys(kms.engine, kms.site, kms.now) == 0


def test_managed_key_rotates_every_year(kms: Kms) -> None:
    """AWS-managed keys rotate without being asked."""
    kms("DescribeKey", KeyId="alias/aws/s3")
    kms.advance(days=365)
    assert rotate_due_keys(kms.engine, kms.site, kms.now) == 1
