"""EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion."""

from datetime import timedelta

import pytest

from aws_refusals import refused
from holdfast.server.kms.due import delete_due_keys
from in_process import Aws


def state_of(aws: Aws, key: str) -> str:
    """Return a key's state as described."""
    return aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_disabled_key_is_unusable_until_enabled(aws: Aws, key: str) -> None:
    """Nothing is encrypted or decrypted under a disabled key."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    aws.kms.disable_key(KeyId=key)
    arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    assert aws.kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"] is False
    assert state_of(aws, key) == "Disabled"
    with refused("DisabledException", f"{arn} is disabled."):
        aws.kms.decrypt(CiphertextBlob=blob)
    with refused("DisabledException", f"{arn} is disabled."):
        aws.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    aws.kms.enable_key(KeyId=key)
    assert aws.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"


def test_scheduled_deletion_tells_its_date(aws: Aws, key: str) -> None:
    """The answer and the description have the state and the date that terraform waits for."""
    answer = aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    described = aws.kms.describe_key(KeyId=key)["KeyMetadata"]
    assert answer["KeyId"] == described["Arn"]
    assert answer["KeyState"] == described["KeyState"] == "PendingDeletion"
    assert answer["PendingWindowInDays"] == 7
    assert answer["DeletionDate"] == described["DeletionDate"]
    waits = described["DeletionDate"] - described["CreationDate"]
    assert timedelta(days=7) <= waits < timedelta(days=7, minutes=5)
    assert described["Enabled"] is False


def test_usual_window_is_thirty_days(aws: Aws, key: str) -> None:
    """Without a window the key waits for 30 days."""
    assert aws.kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


@pytest.mark.parametrize("days", [6, 31])
def test_window_is_checked(aws: Aws, key: str, days: int) -> None:
    """A window has 7 to 30 days."""
    with refused("ValidationException", "at 'pendingWindowInDays' failed"):
        aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    assert state_of(aws, key) == "Enabled"


def test_key_pending_deletion_is_unusable(aws: Aws, key: str) -> None:
    """It cannot be used, enabled, disabled, or scheduled again."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    aws.kms.schedule_key_deletion(KeyId=key)
    message = f"arn:aws:kms:us-east-1:123456789012:key/{key} is pending deletion."
    with refused("KMSInvalidStateException", message):
        aws.kms.decrypt(CiphertextBlob=blob)
    for change in (aws.kms.enable_key, aws.kms.disable_key, aws.kms.schedule_key_deletion):
        with refused("KMSInvalidStateException", message):
            change(KeyId=key)


def test_cancelled_deletion_leaves_the_key_disabled(aws: Aws, key: str) -> None:
    """The key is kept, must be enabled, and then reads what it encrypted."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    aws.kms.schedule_key_deletion(KeyId=key)
    assert aws.kms.cancel_key_deletion(KeyId=key)["KeyId"].endswith(key)
    assert state_of(aws, key) == "Disabled"
    assert "DeletionDate" not in aws.kms.describe_key(KeyId=key)["KeyMetadata"]
    aws.kms.enable_key(KeyId=key)
    assert aws.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    with refused("KMSInvalidStateException", "is not pending deletion."):
        aws.kms.cancel_key_deletion(KeyId=key)


def test_key_is_gone_after_its_window(aws: Aws, key: str) -> None:
    """Housekeeping deletes it, and terraform's read is told so."""
    aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert delete_due_keys(aws.engine, aws.clock() + timedelta(days=7)) == 1
    with refused("NotFoundException", "does not exist"):
        aws.kms.describe_key(KeyId=key)
