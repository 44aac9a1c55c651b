"""UpdateKeyDescription."""

from aws_refusals import refused
from in_process import Aws


def test_description_changes(aws: Aws, key: str) -> None:
    """The new description is described."""
    aws.kms.update_key_description(KeyId=key, Description="new")
    assert aws.kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"


def test_key_pending_deletion_keeps_its_description(aws: Aws, key: str) -> None:
    """A key that waits for its deletion is not changed."""
    aws.kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException", f"key/{key} is pending deletion."):
        aws.kms.update_key_description(KeyId=key, Description="new")


def test_alias_is_no_key_id_here(aws: Aws, key: str) -> None:
    """Operations that change a key take ids and ARNs only."""
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    with refused("NotFoundException", "Invalid keyId 'alias/state'"):
        aws.kms.update_key_description(KeyId="alias/state", Description="new")
