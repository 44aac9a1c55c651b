"""Reading the bucket: whose it is, its settings, and whether it holds something else."""

from collections.abc import Callable
from typing import Any

from holdfast.client.connect import Connection
from holdfast.operations.bootstrap import bucket_policy, lifecycle
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Identity, Thing, Value, foreign_tags
from holdfast.operations.bootstrap.arns import bucket_arn, owned, s3_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.contents import other_objects
from holdfast.operations.bootstrap.desired import MARK, Desired
from holdfast.operations.bootstrap.refusals import Refused


def read_bucket(connection: Connection, desired: Desired, identity: Identity) -> Thing | None:
    """Return the bucket, if it exists.

    Raises:
        Refused: it is another account's.
    """
    name = desired.bucket
    head = _head(connection, identity, name)
    if head is None:
        return None
    where = owned(identity, name)
    settings = {
        aspect: _asked(connection, name, where, aspect)
        for aspect in _ASPECTS
        if aspect != "bucket.logging" or desired.logging
    }
    said = settings["bucket.tags"]
    tags: dict[str, str] = {} if said is NOT_OFFERED else said
    foreign: list[str] = []
    if tags.get(MARK[0]) != MARK[1]:
        foreign = foreign_tags(tags, desired.all_tags)
        foreign += other_objects(connection, identity, name)
    region = head.get("BucketRegion") or desired.region
    unusable = ""
    if region != desired.region:
        unusable = f"the bucket {name} is in {region}, not in {desired.region}, and cannot be moved"
    return Thing(name, bucket_arn(identity, name), settings, tags, tuple(foreign), unusable)


def _head(connection: Connection, identity: Identity, name: str) -> Any:
    from holdfast.client.errors import AccessDenied

    call = s3_call(f"look at the bucket {name}", "ListBucket", name)
    where: Any = owned(identity, name)
    try:
        return ask(call, lambda: connection.s3.head_bucket(**where), {"404", "NoSuchBucket"})
    except AccessDenied as denied:
        us = f"account {identity.account}" if identity.account else "us"
        raise Refused(
            f"the bucket {name} exists, and does not belong to {us} (or we may not look at it)",
            "Choose another name: names are shared by all accounts. If it is yours, allow "
            f"s3:ListBucket on arn:aws:s3:::{name}, and check the profile.",
        ) from denied


def _asked(connection: Connection, name: str, where: dict[str, str], aspect: str) -> Value:
    action, method, absent, picked = _ASPECTS[aspect]
    call = s3_call(f"read the {aspect.removeprefix('bucket.')} of {name}", action, name)
    answer = ask(call, lambda: getattr(connection.s3, method)(**where), {absent})
    return answer if answer is NOT_OFFERED else picked(answer or {})


def _versioning(answer: Any) -> Value:
    return answer.get("Status", "Disabled")


def _encryption(answer: Any) -> Value:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    if not rules:
        return None
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    found: dict[str, Any] = {"algorithm": default.get("SSEAlgorithm")}
    if found["algorithm"] == "AES256":
        return found
    key, bucket_key = default.get("KMSMasterKeyID"), rules[0].get("BucketKeyEnabled", False)
    return {**found, "key": key, "bucket_key": bool(bucket_key)}


def _public_access(answer: Any) -> Value:
    return answer.get("PublicAccessBlockConfiguration")


def _ownership(answer: Any) -> Value:
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    return rules[0]["ObjectOwnership"] if rules else None


def _policy(answer: Any) -> Value:
    return bucket_policy.ours(bucket_policy.statements_in(answer.get("Policy")))


def _lifecycle(answer: Any) -> Value:
    return lifecycle.ours(answer.get("Rules", []))


def _tags(answer: Any) -> Value:
    return {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}


def _logging(answer: Any) -> Value:
    on = answer.get("LoggingEnabled")
    return {"bucket": on["TargetBucket"], "prefix": on.get("TargetPrefix", "")} if on else None


# aspect -> (IAM action, method of boto3, the code for "there is none", what of the answer counts)
_ASPECTS: dict[str, tuple[str, str, str, Callable[[Any], Value]]] = {
    "bucket.tags": ("GetBucketTagging", "get_bucket_tagging", "NoSuchTagSet", _tags),
    "bucket.public-access": (
        "GetBucketPublicAccessBlock",
        "get_public_access_block",
        "NoSuchPublicAccessBlockConfiguration",
        _public_access,
    ),
    "bucket.ownership": (
        "GetBucketOwnershipControls",
        "get_bucket_ownership_controls",
        "OwnershipControlsNotFoundError",
        _ownership,
    ),
    "bucket.versioning": ("GetBucketVersioning", "get_bucket_versioning", "", _versioning),
    "bucket.encryption": (
        "GetEncryptionConfiguration",
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        _encryption,
    ),
    "bucket.lifecycle": (
        "GetLifecycleConfiguration",
        "get_bucket_lifecycle_configuration",
        "NoSuchLifecycleConfiguration",
        _lifecycle,
    ),
    "bucket.policy": ("GetBucketPolicy", "get_bucket_policy", "NoSuchBucketPolicy", _policy),
    "bucket.logging": ("GetBucketLogging", "get_bucket_logging", "", _logging),
}
