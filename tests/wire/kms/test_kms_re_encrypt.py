"""ReEncrypt."""

from aws_refusals import refused
from in_process import Aws


def test_ciphertext_moves_to_another_key_and_context(aws: Aws, key: str) -> None:
    """The new ciphertext opens with the new context, under the new key."""
    other = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "1"})
    moved = aws.kms.re_encrypt(
        CiphertextBlob=blob["CiphertextBlob"],
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other,
        DestinationEncryptionContext={"b": "2"},
    )
    assert moved["SourceKeyId"].endswith(key)
    assert moved["KeyId"].endswith(other)
    assert moved["SourceEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert moved["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = aws.kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert opened["Plaintext"] == b"secret"


def test_rotated_key_renews_its_ciphertext(aws: Aws, key: str) -> None:
    """ReEncrypt under the same key uses its newest material."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    aws.kms.rotate_key_on_demand(KeyId=key)
    moved = aws.kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    assert moved["SourceKeyMaterialId"] != moved["DestinationKeyMaterialId"]


def test_source_key_and_context_are_checked(aws: Aws, key: str) -> None:
    """A wrong source key or context is refused as in Decrypt."""
    other = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    with refused("IncorrectKeyException"):
        aws.kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other, DestinationKeyId=key)
    with refused("InvalidCiphertextException"):
        aws.kms.re_encrypt(
            CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=key
        )


def test_dry_run_tells_and_does_nothing(aws: Aws, key: str) -> None:
    """A request that would succeed ends in DryRunOperationException."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    with refused("DryRunOperationException"):
        aws.kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key, DryRun=True)
