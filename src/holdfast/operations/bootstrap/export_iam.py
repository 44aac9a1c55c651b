"""Least-privilege IAM policies: who reads states, who writes them, who operates the backend.

Source: the permissions in Terraform's s3 backend page; "Actions, resources and condition keys" of
S3, DynamoDB and KMS in the service authorization reference.
"""

from typing import Any

from holdfast.operations.bootstrap.actual import Actual, Identity
from holdfast.operations.bootstrap.arns import bucket_arn
from holdfast.operations.bootstrap.desired import Desired
from holdfast.terraform.address import LOCK_FILE_SUFFIX, WORKSPACE_KEY_PREFIX

ROLES = ("readers", "writers", "operators")
Statement = dict[str, Any]


def policies(desired: Desired, actual: Actual) -> dict[str, dict[str, Any]]:
    """Return a policy document for each of ROLES.

    Readers run `terraform output` and `terraform_remote_state`, and plan with -lock=false. Writers plan
    and apply with locks. Operators also list versions and locks, restore, and check every setting.
    """
    bucket = bucket_arn(actual.identity, desired.bucket)
    table, key = _table_arn(desired, actual), actual.key.arn if actual.key else None
    made = {
        "readers": [*_reading(bucket), *_digests(table), *_key(key, "kms:Decrypt")],
        "writers": _writing(desired, bucket, table, key),
    }
    made["operators"] = [*made["writers"], *_operating(bucket, table, key)]
    return {
        role: {"Version": "2012-10-17", "Statement": statements}
        for role, statements in made.items()
    }


def _reading(bucket: str) -> list[Statement]:
    return [
        _allow("ListStates", "s3:ListBucket", bucket),
        _allow("ReadStates", "s3:GetObject", f"{bucket}/*"),
    ]


def _digests(table: str | None) -> list[Statement]:
    return [_allow("ReadDigests", "dynamodb:GetItem", table)] if table else []


def _key(key: str | None, *actions: str) -> list[Statement]:
    return [_allow("UseTheKey", list(actions), key)] if key else []


def _writing(desired: Desired, bucket: str, table: str | None, key: str | None) -> list[Statement]:
    found = [*_reading(bucket), _allow("WriteStates", "s3:PutObject", f"{bucket}/*")]
    if desired.lock != "table":
        actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        found.append(_allow("LockWithFiles", actions, f"{bucket}/*{LOCK_FILE_SUFFIX}"))
    if table:
        actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        found.append(_allow("LockWithTheTable", actions, table))
    states = f"{bucket}/{WORKSPACE_KEY_PREFIX}/*"
    found.append(_allow("DeleteWorkspaces", "s3:DeleteObject", states))
    return [*found, *_key(key, "kms:Decrypt", "kms:GenerateDataKey")]


def _operating(bucket: str, table: str | None, key: str | None) -> list[Statement]:
    settings = [
        "s3:GetBucketLocation",
        "s3:GetBucketLogging",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucketVersions",
    ]
    found = [
        _allow("ReadBucketSettings", settings, bucket),
        _allow("ReadVersions", ["s3:GetObjectVersion", "s3:GetObjectTagging"], f"{bucket}/*"),
        _allow("DeleteStates", "s3:DeleteObject", f"{bucket}/*"),
    ]
    if table:
        actions = ["DescribeContinuousBackups", "DescribeTable", "ListTagsOfResource", "Scan"]
        found.append(_allow("ReadTheTable", [f"dynamodb:{name}" for name in actions], table))
    if key:
        actions = ["DescribeKey", "GetKeyRotationStatus", "ListResourceTags"]
        found.append(_allow("ReadKeySettings", [f"kms:{name}" for name in actions], key))
    return found


def _allow(sid: str, actions: str | list[str], resource: str | None) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _table_arn(desired: Desired, actual: Actual) -> str | None:
    if desired.table_name is None:
        return None
    if actual.table:
        return actual.table.arn
    return table_arn(actual.identity, desired.region, desired.table_name)


def table_arn(identity: Identity, region: str, name: str) -> str:
    """Return the ARN of a table that may be yet to come."""
    return f"arn:{identity.partition}:dynamodb:{region}:{identity.account or '*'}:table/{name}"
