"""CreateKey."""

import json
from typing import Any
from uuid import UUID

import pytest

from aws_refusals import refused
from in_process import Aws


def test_new_key_has_awss_metadata(aws: Aws) -> None:
    """The answer is the whole KeyMetadata of an enabled symmetric key."""
    made = aws.kms.create_key(Description="state")["KeyMetadata"]
    assert UUID(made["KeyId"]).version == 4
    assert made["Arn"] == f"arn:aws:kms:us-east-1:123456789012:key/{made['KeyId']}"
    assert made["AWSAccountId"] == "123456789012"
    assert made["Description"] == "state"
    assert made["Enabled"] is True
    assert made["KeyState"] == "Enabled"
    assert made["KeyUsage"] == "ENCRYPT_DECRYPT"
    assert made["KeyManager"] == "CUSTOMER"
    assert made["Origin"] == "AWS_KMS"
    assert made["KeySpec"] == made["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert made["MultiRegion"] is False
    assert "DeletionDate" not in made


def test_terraforms_request_is_accepted(aws: Aws) -> None:
    """What the AWS provider sends makes a key with tags and a policy."""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }
    )
    made = aws.kms.create_key(
        CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
        KeyUsage="ENCRYPT_DECRYPT",
        Description="",
        Policy=policy,
        Tags=[{"TagKey": "team", "TagValue": "platform"}],
        BypassPolicyLockoutSafetyCheck=False,
    )["KeyMetadata"]
    key_id = made["KeyId"]
    assert aws.kms.get_key_policy(KeyId=key_id)["Policy"] == policy
    tags = aws.kms.list_resource_tags(KeyId=key_id)["Tags"]
    assert tags == [{"TagKey": "team", "TagValue": "platform"}]


@pytest.mark.parametrize(
    "wanted",
    [
        {"KeySpec": "RSA_2048"},
        {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
        {"KeyUsage": "SIGN_VERIFY"},
        {"MultiRegion": True},
        {"Origin": "EXTERNAL"},
        {"CustomKeyStoreId": "cks-1234"},
    ],
)
def test_other_kinds_of_keys_are_unsupported(aws: Aws, wanted: dict[str, Any]) -> None:
    """Anything but a symmetric single-region key of our own is refused and not made."""
    with refused("UnsupportedOperationException", "not supported"):
        aws.kms.create_key(**wanted)
    assert aws.kms.list_keys()["Keys"] == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"KeySpec": "DES"}, "'DES' at 'keySpec' failed to satisfy constraint"),
        ({"KeyUsage": "HOPE"}, "'HOPE' at 'keyUsage' failed to satisfy constraint"),
        ({"Description": "x" * 8193}, "length less than or equal to 8192"),
        (
            {"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"},
            "CustomerMasterKeySpec is deprecated",
        ),
    ],
)
def test_invalid_value_is_refused(aws: Aws, wanted: dict[str, Any], message: str) -> None:
    """A value that AWS does not know is a ValidationException."""
    with refused("ValidationException", message):
        aws.kms.create_key(**wanted)


def test_policy_is_checked(aws: Aws) -> None:
    """A key is not made with a policy that is none."""
    with refused("MalformedPolicyDocumentException"):
        aws.kms.create_key(Policy="{")
