"""Encrypt and Decrypt."""

import pytest

from aws_refusals import refused
from in_process import Aws

CONTEXT = {"state": "prod", "team": "platform"}


def test_plaintext_comes_back(aws: Aws, key: str) -> None:
    """Decrypt needs no key: the ciphertext names it."""
    made = aws.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=CONTEXT)
    assert made["KeyId"] == f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    assert made["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = aws.kms.decrypt(
        CiphertextBlob=made["CiphertextBlob"],
        EncryptionContext=dict(reversed(CONTEXT.items())),
    )
    assert opened["Plaintext"] == b"secret"
    assert opened["KeyId"] == made["KeyId"]


@pytest.mark.parametrize("length", [1, 4096])
def test_lengths_up_to_the_limit(aws: Aws, key: str, length: int) -> None:
    """1 to 4096 bytes are encrypted."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"x" * length)["CiphertextBlob"]
    assert aws.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * length


def test_plaintext_beyond_the_limit_is_refused(aws: Aws, key: str) -> None:
    """4097 bytes are too many."""
    with refused("ValidationException", "at 'plaintext' failed to satisfy constraint"):
        aws.kms.encrypt(KeyId=key, Plaintext=b"x" * 4097)


@pytest.mark.parametrize(
    "context", [{}, {"state": "prod"}, {**CONTEXT, "more": ""}, {"state": "test"}]
)
def test_other_context_is_refused(aws: Aws, key: str, context: dict[str, str]) -> None:
    """Only exactly the same pairs open a ciphertext."""
    made = aws.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=CONTEXT)
    with refused("InvalidCiphertextException"):
        aws.kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)


def test_tampered_ciphertext_is_refused(aws: Aws, key: str) -> None:
    """A flipped bit, a cut, and noise are refused alike."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    for bad in (blob[:-1] + bytes([blob[-1] ^ 1]), blob[:-1], b"noise"):
        with refused("InvalidCiphertextException"):
            aws.kms.decrypt(CiphertextBlob=bad)


def test_named_key_must_be_the_right_one(aws: Aws, key: str) -> None:
    """KeyId, if given, must name the key of the ciphertext; an alias of it will do."""
    other = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    aws.kms.create_alias(AliasName="alias/right", TargetKeyId=key)
    blob = aws.kms.encrypt(KeyId="alias/right", Plaintext=b"secret")["CiphertextBlob"]
    assert aws.kms.decrypt(CiphertextBlob=blob, KeyId="alias/right")["Plaintext"] == b"secret"
    with refused("IncorrectKeyException", "The key ID in the request does not identify"):
        aws.kms.decrypt(CiphertextBlob=blob, KeyId=other)


def test_other_algorithms_are_refused(aws: Aws, key: str) -> None:
    """A symmetric key has one algorithm."""
    with refused("InvalidKeyUsageException", "incompatible with key spec SYMMETRIC_DEFAULT"):
        aws.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")


def test_dry_run_tells_and_does_nothing(aws: Aws, key: str) -> None:
    """A request that would succeed ends in DryRunOperationException."""
    blob = aws.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    with refused("DryRunOperationException", "would have succeeded"):
        aws.kms.encrypt(KeyId=key, Plaintext=b"secret", DryRun=True)
    with refused("DryRunOperationException", "would have succeeded"):
        aws.kms.decrypt(CiphertextBlob=blob, DryRun=True)


def test_context_too_long_is_refused(aws: Aws, key: str) -> None:
    """All names and values together have at most 8192 bytes."""
    with refused("ValidationException", "Encryption context"):
        aws.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "x" * 8192})
