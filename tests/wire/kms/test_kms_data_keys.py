"""GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom."""

from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws
from kms_clients import unchecked


def test_tofus_key_provider_flow(aws: Aws, key: str) -> None:
    """OpenTofu's aws_kms provider gets a data key, keeps the blob, and decrypts it next time."""
    aws.kms.create_alias(AliasName="alias/tofu", TargetKeyId=key)
    context = {"project": "network"}
    made = aws.kms.generate_data_key(
        KeyId="alias/tofu", KeySpec="AES_256", EncryptionContext=context
    )
    assert len(made["Plaintext"]) == 32
    opened = aws.kms.decrypt(
        KeyId="alias/tofu", CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context
    )
    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyId"] == made["KeyId"]


@pytest.mark.parametrize(
    ("wanted", "length"),
    [
        ({"KeySpec": "AES_128"}, 16),
        ({"KeySpec": "AES_256"}, 32),
        ({"NumberOfBytes": 1}, 1),
        ({"NumberOfBytes": 1024}, 1024),
    ],
)
def test_length_is_as_asked(aws: Aws, key: str, wanted: dict[str, Any], length: int) -> None:
    """A spec or a number of bytes says how long the key is."""
    made = aws.kms.generate_data_key(KeyId=key, **wanted)
    assert len(made["Plaintext"]) == length
    opened = aws.kms.decrypt(CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"KeySpec": "AES_256", "NumberOfBytes": 32},
        {"KeySpec": "AES_512"},
        {"NumberOfBytes": 0},
        {"NumberOfBytes": 1025},
    ],
)
def test_length_is_checked(aws: Aws, key: str, wanted: dict[str, Any]) -> None:
    """Exactly one of spec and length, within the limits."""
    with refused("ValidationException"):
        unchecked(aws).generate_data_key(KeyId=key, **wanted)


def test_data_key_without_plaintext(aws: Aws, key: str) -> None:
    """Only the blob is answered; Decrypt gives the key."""
    made = aws.kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    assert "Plaintext" not in made
    assert len(aws.kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]) == 32


def test_dry_run_makes_no_data_key(aws: Aws, key: str) -> None:
    """A request that would succeed ends in DryRunOperationException."""
    with refused("DryRunOperationException"):
        aws.kms.generate_data_key(KeyId=key, KeySpec="AES_256", DryRun=True)


def test_unknown_key_is_not_found(aws: Aws) -> None:
    """The alias that does not exist is named."""
    with refused("NotFoundException", "alias/none is not found."):
        aws.kms.generate_data_key(KeyId="alias/none", KeySpec="AES_256")


def test_random_bytes(aws: Aws) -> None:
    """As many as asked for, within the limit, and never the same."""
    one, other = (aws.kms.generate_random(NumberOfBytes=32)["Plaintext"] for _ in range(2))
    assert len(one) == 32
    assert one != other
    with refused("ValidationException"):
        aws.kms.generate_random(NumberOfBytes=1025)
    with refused("ValidationException"):
        aws.kms.generate_random()
