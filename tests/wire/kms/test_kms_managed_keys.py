"""AWS-managed keys: described and listed, but neither changed nor used by clients."""

from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws


@pytest.fixture
def managed(aws: Aws) -> str:
    """Return the id of the key behind alias/aws/s3."""
    return aws.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]


@pytest.mark.parametrize(
    "change",
    [
        lambda kms, key: kms.disable_key(KeyId=key),
        lambda kms, key: kms.enable_key(KeyId=key),
        lambda kms, key: kms.schedule_key_deletion(KeyId=key),
        lambda kms, key: kms.update_key_description(KeyId=key, Description="mine"),
        lambda kms, key: kms.put_key_policy(KeyId=key, Policy="{}"),
        lambda kms, key: kms.disable_key_rotation(KeyId=key),
        lambda kms, key: kms.rotate_key_on_demand(KeyId=key),
        lambda kms, key: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda kms, key: kms.create_alias(AliasName="alias/mine", TargetKeyId=key),
        lambda kms, key: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda kms, key: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    ],
)
def test_change_is_refused(aws: Aws, managed: str, change: Callable[[Any, str], Any]) -> None:
    """A managed key's policy lets clients look and nothing else."""
    with refused("AccessDeniedException", "is not authorized to perform: kms:"):
        change(aws.kms, managed)


def test_managed_key_can_be_looked_at(aws: Aws, managed: str) -> None:
    """It is listed with its alias, has a policy, and rotates every year."""
    assert [entry["KeyId"] for entry in aws.kms.list_keys()["Keys"]] == [managed]
    assert aws.kms.list_aliases()["Aliases"][0]["AliasName"] == "alias/aws/s3"
    assert "kms:ViaService" in aws.kms.get_key_policy(KeyId=managed)["Policy"]
    assert aws.kms.get_key_rotation_status(KeyId=managed)["RotationPeriodInDays"] == 365


def test_its_alias_cannot_be_deleted(aws: Aws, managed: str) -> None:
    """The names under alias/aws/ are AWS's."""
    with refused("NotAuthorizedException"):
        aws.kms.delete_alias(AliasName="alias/aws/s3")
    assert aws.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == managed
