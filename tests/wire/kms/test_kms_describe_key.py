"""DescribeKey."""

import pytest

from aws_refusals import refused
from in_process import Aws

UNKNOWN = "2c8b3f6e-7a64-4f0e-9df6-0b8a4f5d1e2a"


@pytest.mark.parametrize(
    "reference",
    [
        "{id}",
        "arn:aws:kms:us-east-1:123456789012:key/{id}",
        "alias/state",
        "arn:aws:kms:us-east-1:123456789012:alias/state",
    ],
)
def test_key_is_found_by_every_reference(aws: Aws, key: str, reference: str) -> None:
    """Id, ARN, alias and alias ARN describe the same key."""
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    described = aws.kms.describe_key(KeyId=reference.format(id=key))["KeyMetadata"]
    assert described["KeyId"] == key


def test_description_is_what_create_said(aws: Aws) -> None:
    """DescribeKey and CreateKey answer the same."""
    made = aws.kms.create_key(Description="state")["KeyMetadata"]
    assert aws.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made


@pytest.mark.parametrize(
    ("reference", "code", "message"),
    [
        (
            UNKNOWN,
            "NotFoundException",
            f"Key 'arn:aws:kms:us-east-1:123456789012:key/{UNKNOWN}' does not exist",
        ),
        ("mrk-" + "0" * 32, "NotFoundException", "does not exist"),
        (
            "alias/none",
            "NotFoundException",
            "Alias arn:aws:kms:us-east-1:123456789012:alias/none is not found.",
        ),
        ("nonsense", "NotFoundException", "Invalid keyId 'nonsense'"),
        ("arn:aws:kms:us-east-1:123456789012", "InvalidArnException", "Invalid arn"),
        ("arn:aws:s3:us-east-1:123456789012:key/x", "InvalidArnException", "Invalid arn"),
        ("arn:aws:kms:us-east-1:123456789012:grant/x", "InvalidArnException", "Invalid arn"),
        (
            f"arn:aws:kms:eu-west-1:123456789012:key/{UNKNOWN}",
            "NotFoundException",
            "Invalid arn eu-west-1",
        ),
        (
            f"arn:aws:kms:us-east-1:999999999999:key/{UNKNOWN}",
            "AccessDeniedException",
            "is not authorized",
        ),
    ],
)
def test_unknown_reference_is_refused(aws: Aws, reference: str, code: str, message: str) -> None:
    """Each way not to name a key has AWS's error."""
    with refused(code, message):
        aws.kms.describe_key(KeyId=reference)


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_managed_key_exists_once_described(aws: Aws, service: str) -> None:
    """Describing the alias of an AWS-managed key makes the key, once."""
    first = aws.kms.describe_key(KeyId=f"alias/aws/{service}")["KeyMetadata"]
    again = aws.kms.describe_key(KeyId=f"alias/aws/{service}")["KeyMetadata"]
    assert first == again
    assert first["KeyManager"] == "AWS"
