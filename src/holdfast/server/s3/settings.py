"""The table of bucket settings."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.s3 import (
    bucket_tags,
    encryption_setting,
    lifecycle,
    ownership,
    policy,
    policy_lockout,
    public_access,
)
from holdfast.server.s3.bucket_setting import BucketSetting
from holdfast.server.s3.unserved_settings import UNSERVED

SETTINGS: tuple[BucketSetting, ...] = (
    BucketSetting(
        bucket_tags.MEMBER,
        "GetBucketTagging",
        "PutBucketTagging",
        "DeleteBucketTagging",
        absent="NoSuchTagSet",
        flat=True,
        check=bucket_tags.check_tagging,
        put_status=204,
    ),
    BucketSetting(
        encryption_setting.MEMBER,
        "GetBucketEncryption",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
        absent=encryption_setting.DEFAULT,
        check=encryption_setting.check_encryption,
    ),
    BucketSetting(
        public_access.MEMBER,
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "DeletePublicAccessBlock",
        absent="NoSuchPublicAccessBlockConfiguration",
        check=public_access.all_switches,
    ),
    BucketSetting(
        ownership.MEMBER,
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        absent="OwnershipControlsNotFoundError",
        check=ownership.check_controls,
    ),
    BucketSetting(
        policy.MEMBER,
        "GetBucketPolicy",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        absent="NoSuchBucketPolicy",
        check=policy.check_policy,
        refuse=policy_lockout.refuse_lockout,
        put_status=204,
    ),
    BucketSetting(  # its Put answers with a header, so it is written out in lifecycle
        lifecycle.MEMBER,
        "GetBucketLifecycleConfiguration",
        "",
        "DeleteBucketLifecycle",
        absent="NoSuchLifecycleConfiguration",
        flat=True,
    ),
    *UNSERVED,
)


def setting_operations() -> tuple[Operation[Any], ...]:
    """Return every operation that the table gives."""
    return tuple(one for setting in SETTINGS for one in setting.operations())
