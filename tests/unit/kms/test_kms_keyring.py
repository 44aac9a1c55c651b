"""The keyring: data keys of our own S3 and DynamoDB."""

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import CorruptData
from holdfast.server.kms.keyring import seal_under, unseal_under
from kms_handlers import Kms


def opened(kms: Kms, blob: bytes, bound_to: bytes) -> bytes:
    """Open what the keyring sealed."""
    return kms.view(lambda tx: unseal_under(tx, blob, bound_to))


def test_sealed_key_opens_for_what_it_is_bound_to(kms: Kms) -> None:
    """What was sealed comes back, and the key's ARN is told."""
    key_id = kms.create()
    arn, blob = kms.view(lambda tx: seal_under(tx, key_id, b"data key", b"table"))
    assert arn == f"arn:aws:kms:eu-central-1:123456789012:key/{key_id}"
    assert opened(kms, blob, b"table") == b"data key"


def test_sealed_key_opens_for_nothing_else(kms: Kms) -> None:
    """A blob moved to another place does not open."""
    key_id = kms.create()
    _, blob = kms.view(lambda tx: seal_under(tx, key_id, b"data key", b"table"))
    with pytest.raises(CorruptData):
        opened(kms, blob, b"other")


@pytest.mark.parametrize(
    "reference", ["alias/state", "arn:aws:kms:eu-central-1:123456789012:alias/state"]
)
def test_key_is_found_by_alias(kms: Kms, reference: str) -> None:
    """An alias name and an alias ARN name the key."""
    key_id = kms.create()
    kms("CreateAlias", AliasName="alias/state", TargetKeyId=key_id)
    arn, _ = kms.view(lambda tx: seal_under(tx, reference, b"data key", b""))
    assert arn.endswith(key_id)


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_managed_key_is_made_once(kms: Kms, service: str) -> None:
    """An AWS-managed key is made on first use and found again later."""
    alias = f"alias/aws/{service}"
    first, blob = kms.update(lambda tx: seal_under(tx, alias, b"data key", b""))
    second, _ = kms.view(lambda tx: seal_under(tx, alias, b"data key", b""))
    assert first == second
    assert opened(kms, blob, b"") == b"data key"
    assert kms("DescribeKey", KeyId=alias)["KeyMetadata"]["KeyManager"] == "AWS"


def test_client_cannot_decrypt_what_the_keyring_sealed(kms: Kms) -> None:
    """A data key sealed by the server is no ciphertext for Decrypt."""
    key_id = kms.create()
    _, blob = kms.view(lambda tx: seal_under(tx, key_id, b"data key", b""))
    for pretended in (blob, bytes([blob[0], 1]) + blob[2:]):
        with pytest.raises(ServiceError) as refused:
            kms("Decrypt", CiphertextBlob=pretended)
        assert refused.value.code == "InvalidCiphertextException"


def test_keyring_does_not_open_a_clients_ciphertext(kms: Kms) -> None:
    """A blob from Encrypt cannot stand in for a sealed data key."""
    blob = kms("Encrypt", KeyId=kms.create(), Plaintext=b"mine")["CiphertextBlob"]
    for pretended in (blob, bytes([blob[0], 2]) + blob[2:]):
        with pytest.raises(CorruptData):
            opened(kms, pretended, b"")


def test_disabled_key_seals_and_opens_nothing(kms: Kms) -> None:
    """A disabled key makes what it sealed unreadable until it is enabled."""
    key_id = kms.create()
    _, blob = kms.view(lambda tx: seal_under(tx, key_id, b"data key", b""))
    kms("DisableKey", KeyId=key_id)
    with pytest.raises(ServiceError) as refused:
        opened(kms, blob, b"")
    assert refused.value.code == "DisabledException"
    assert refused.value.message.endswith(f"key/{key_id} is disabled.")
    with pytest.raises(ServiceError, match="DisabledException"):
        kms.view(lambda tx: seal_under(tx, key_id, b"data key", b""))
    kms("EnableKey", KeyId=key_id)
    assert opened(kms, blob, b"") == b"data key"


def test_key_about_to_be_deleted_opens_nothing(kms: Kms) -> None:
    """A key that waits for its deletion cannot be used."""
    key_id = kms.create()
    _, blob = kms.view(lambda tx: seal_under(tx, key_id, b"data key", b""))
    kms("ScheduleKeyDeletion", KeyId=key_id)
    with pytest.raises(ServiceError, match=r"KMSInvalidStateException.*is pending deletion"):
        opened(kms, blob, b"")


def test_unknown_key_is_not_found(kms: Kms) -> None:
    """Sealing under a key that does not exist says which one."""
    key_id = "0f5d7d44-3c60-4f2f-9d59-1f6b8a5f4c11"
    with pytest.raises(ServiceError, match=rf"NotFoundException: Key '.*{key_id}' does not exist"):
        kms.view(lambda tx: seal_under(tx, key_id, b"data key", b""))
    with pytest.raises(ServiceError, match=r"NotFoundException: Alias .*:alias/none is not found"):
        kms.view(lambda tx: seal_under(tx, "alias/none", b"data key", b""))


def test_damaged_blob_is_corrupt_data(kms: Kms) -> None:
    """A cut blob is reported as damage, not as a client's error."""
    _, blob = kms.update(lambda tx: seal_under(tx, "alias/aws/s3", b"data key", b""))
    for damaged in (b"", blob[:40], blob[:-1], b"\x07" + blob[1:]):
        with pytest.raises(CorruptData):
            opened(kms, damaged, b"")
