"""GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext."""

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)

from aws_refusals import refused
from in_process import Aws

if TYPE_CHECKING:
    from mypy_boto3_kms.literals import DataKeyPairSpecType


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("RSA_2048", 2048),
        ("ECC_NIST_P256", 256),
        ("ECC_NIST_P384", 384),
        ("ECC_NIST_P521", 521),
        ("ECC_SECG_P256K1", 256),
    ],
)
def test_pair_fits_together(aws: Aws, key: str, spec: "DataKeyPairSpecType", size: int) -> None:
    """The private key is of the spec, belongs to the public key, and is in the blob."""
    made = aws.kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext={"a": "1"})
    private = load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey)
    assert private.key_size == size
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert made["PublicKey"] == public
    opened = aws.kms.decrypt(
        CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "1"}
    )
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    assert made["KeyPairSpec"] == spec


def test_pair_without_plaintext(aws: Aws, key: str) -> None:
    """The private key is answered encrypted only."""
    made = aws.kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in made
    opened = aws.kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])
    load_der_private_key(opened["Plaintext"], None)


def test_pair_of_another_kind_is_unsupported(aws: Aws, key: str) -> None:
    """SM2 is not offered outside China, and not here."""
    with refused("UnsupportedOperationException", "KeyPairSpec SM2"):
        aws.kms.generate_data_key_pair(KeyId=key, KeyPairSpec="SM2")


def test_disabled_key_makes_no_pair(aws: Aws, key: str) -> None:
    """The key's state is checked first."""
    aws.kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        aws.kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
