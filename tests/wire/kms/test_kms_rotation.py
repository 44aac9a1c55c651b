"""EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations."""

from datetime import timedelta

import pytest

from aws_refusals import refused
from in_process import Aws
from kms_clients import unchecked


def test_rotation_is_off_at_first(aws: Aws, key: str) -> None:
    """A new key does not rotate."""
    status = aws.kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is False
    assert "NextRotationDate" not in status


def test_enabled_rotation_has_period_and_date(aws: Aws, key: str) -> None:
    """The status tells a period of a year and the next date."""
    aws.kms.enable_key_rotation(KeyId=key)
    status = aws.kms.get_key_rotation_status(KeyId=key)
    created = aws.kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    assert status["KeyId"] == f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    assert status["KeyRotationEnabled"] is True
    assert status["RotationPeriodInDays"] == 365
    assert timedelta(days=364) < status["NextRotationDate"] - created < timedelta(days=366)


def test_period_can_be_chosen_and_changed(aws: Aws, key: str) -> None:
    """A new period begins on the day it is set; the same one again changes nothing."""
    aws.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    before = aws.kms.get_key_rotation_status(KeyId=key)
    aws.clock.advance(600)
    aws.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert (
        aws.kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
        == (before["NextRotationDate"])
    )
    aws.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=2560)
    assert aws.kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 2560


@pytest.mark.parametrize("days", [89, 2561])
def test_period_is_checked(aws: Aws, key: str, days: int) -> None:
    """A period has 90 to 2560 days."""
    with refused("ValidationException", "at 'rotationPeriodInDays' failed"):
        unchecked(aws).enable_key_rotation(KeyId=key, RotationPeriodInDays=days)


def test_rotation_can_be_switched_off(aws: Aws, key: str) -> None:
    """After DisableKeyRotation the status is false."""
    aws.kms.enable_key_rotation(KeyId=key)
    aws.kms.disable_key_rotation(KeyId=key)
    assert aws.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_rotation_of_a_disabled_key_cannot_be_changed(aws: Aws, key: str) -> None:
    """A disabled key must be enabled first."""
    aws.kms.disable_key(KeyId=key)
    for change in (aws.kms.enable_key_rotation, aws.kms.rotate_key_on_demand):
        with refused("DisabledException", f"key/{key} is disabled."):
            change(KeyId=key)


def test_key_pending_deletion_tells_no_rotation(aws: Aws, key: str) -> None:
    """Its status is false, and true again when the deletion is cancelled."""
    aws.kms.enable_key_rotation(KeyId=key)
    aws.kms.schedule_key_deletion(KeyId=key)
    assert aws.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    aws.kms.cancel_key_deletion(KeyId=key)
    assert aws.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_old_ciphertext_survives_rotation_on_demand(aws: Aws, key: str) -> None:
    """New material encrypts; what the old encrypted still opens."""
    old = aws.kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    aws.kms.rotate_key_on_demand(KeyId=key)
    new = aws.kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
    assert aws.kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert aws.kms.decrypt(CiphertextBlob=new)["Plaintext"] == b"new"


def test_rotations_are_listed(aws: Aws, key: str) -> None:
    """Every rotation has its date and its kind; the first material is listed if asked for."""
    assert aws.kms.list_key_rotations(KeyId=key)["Rotations"] == []
    aws.kms.rotate_key_on_demand(KeyId=key)
    (rotation,) = aws.kms.list_key_rotations(KeyId=key)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND"
    assert "RotationDate" in rotation
    every = aws.kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    states = [entry["KeyMaterialState"] for entry in every["Rotations"]]
    assert states == ["NON_CURRENT", "CURRENT"]


def test_rotations_are_listed_in_pages(aws: Aws, key: str) -> None:
    """Markers lead through all rotations."""
    for _ in range(3):
        aws.kms.rotate_key_on_demand(KeyId=key)
    first = aws.kms.list_key_rotations(KeyId=key, Limit=2)
    assert first["Truncated"] is True
    rest = aws.kms.list_key_rotations(KeyId=key, Limit=2, Marker=first["NextMarker"])
    assert len(first["Rotations"]) + len(rest["Rotations"]) == 3


def test_rotations_on_demand_are_limited(aws: Aws, key: str) -> None:
    """The twenty-sixth is refused."""
    for _ in range(25):
        aws.kms.rotate_key_on_demand(KeyId=key)
    with refused("LimitExceededException"):
        aws.kms.rotate_key_on_demand(KeyId=key)
