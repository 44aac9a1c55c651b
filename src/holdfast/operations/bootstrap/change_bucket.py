"""One function for each step of a plan: the request that makes it so. Each may be sent again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import ServiceFailed
from holdfast.operations.bootstrap import bucket_policy, lifecycle
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Actual
from holdfast.operations.bootstrap.arns import owned, s3_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.plan import Step
from holdfast.operations.bootstrap.refusals import Refused
from holdfast.operations.bootstrap.settling import settled


@dataclass
class Work:
    """What the steps need, and what earlier ones found out.

    Attributes:
        connection: the way to the services.
        desired: what should be.
        actual: what was there.
        key_arn: the ARN of the key; set by the step that makes one.
        sleep: waits for so many seconds.
    """

    connection: Connection
    desired: Desired
    actual: Actual
    sleep: Callable[[float], None]
    key_arn: str = ""
    where: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.where = owned(self.actual.identity, self.desired.bucket)
        if self.actual.key:
            self.key_arn = self.actual.key.arn

    @property
    def key_id(self) -> str:
        """The id of the key, which most of KMS's operations want instead of an alias."""
        return self.key_arn.rpartition("/")[2]

    def put(self, doing: str, action: str, method: str, **parameters: Any) -> Any:
        """Send a request on the bucket. Returns NOT_OFFERED where the endpoint does not have it."""
        bucket = self.desired.bucket
        send = getattr(self.connection.s3, method)
        call = s3_call(f"{doing} of {bucket}", action, bucket)
        return settled(lambda: ask(call, lambda: send(**parameters)), self.sleep)


def make_bucket(work: Work, _step: Step) -> Any:
    """Make the bucket. Somebody else may have taken the name since we looked."""
    name, region = work.desired.bucket, work.desired.region
    place: Any = {"LocationConstraint": region}
    more: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": place}
    call = s3_call(f"make the bucket {name}", "CreateBucket", name)

    def send() -> Any:
        return ask(
            call,
            lambda: work.connection.s3.create_bucket(
                Bucket=name, ObjectOwnership="BucketOwnerEnforced", **more
            ),
            {"BucketAlreadyOwnedByYou"},
        )

    try:
        return settled(send, work.sleep)
    except ServiceFailed as error:
        if error.code != "BucketAlreadyExists":
            raise
        raise Refused(
            f"the name {name} is taken by another account",
            "Choose another name: names of buckets are shared by all accounts.",
        ) from error


def tag_bucket(work: Work, step: Step) -> Any:
    """Set the tags, with the ones that were there."""
    tags = [{"Key": name, "Value": value} for name, value in step.after.items()]
    return work.put(
        "set the tags",
        "PutBucketTagging",
        "put_bucket_tagging",
        **work.where,
        Tagging={"TagSet": tags},
    )


def block_public_access(work: Work, step: Step) -> Any:
    """Block every kind of public access."""
    return work.put(
        "block public access",
        "PutBucketPublicAccessBlock",
        "put_public_access_block",
        **work.where,
        PublicAccessBlockConfiguration=step.after,
    )


def own_objects(work: Work, step: Step) -> Any:
    """Turn ACLs off."""
    return work.put(
        "set the ownership",
        "PutBucketOwnershipControls",
        "put_bucket_ownership_controls",
        **work.where,
        OwnershipControls={"Rules": [{"ObjectOwnership": step.after}]},
    )


def keep_versions(work: Work, _step: Step) -> Any:
    """Turn versioning on."""
    return work.put(
        "turn on the versioning",
        "PutBucketVersioning",
        "put_bucket_versioning",
        **work.where,
        VersioningConfiguration={"Status": "Enabled"},
    )


def encrypt_bucket(work: Work, step: Step) -> Any:
    """Set the default encryption."""
    default = {"SSEAlgorithm": step.after["algorithm"]}
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    if step.after["algorithm"] == "aws:kms":
        default["KMSMasterKeyID"] = work.key_arn
        rule["BucketKeyEnabled"] = True
    return work.put(
        "set the encryption",
        "PutEncryptionConfiguration",
        "put_bucket_encryption",
        **work.where,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )


def set_lifecycle(work: Work, step: Step) -> Any:
    """Set our rules; those of others stay as they are at this moment."""
    bucket = work.desired.bucket
    present = ask(
        s3_call(f"read the lifecycle of {bucket}", "GetLifecycleConfiguration", bucket),
        lambda: work.connection.s3.get_bucket_lifecycle_configuration(**work.where),
        {"NoSuchLifecycleConfiguration"},
    )
    if present is NOT_OFFERED:
        return present
    rules = lifecycle.merged((present or {}).get("Rules", []), step.after)
    if not rules:
        return work.put(
            "remove the lifecycle",
            "PutLifecycleConfiguration",
            "delete_bucket_lifecycle",
            **work.where,
        )
    return work.put(
        "set the lifecycle",
        "PutLifecycleConfiguration",
        "put_bucket_lifecycle_configuration",
        **work.where,
        LifecycleConfiguration={"Rules": rules},
    )


def set_policy(work: Work, _step: Step) -> Any:
    """Set our statements; those of others stay as they are at this moment."""
    bucket = work.desired.bucket
    present = ask(
        s3_call(f"read the policy of {bucket}", "GetBucketPolicy", bucket),
        lambda: work.connection.s3.get_bucket_policy(**work.where),
        {"NoSuchBucketPolicy"},
    )
    if present is NOT_OFFERED:
        return present
    others = bucket_policy.statements_in((present or {}).get("Policy"))
    wanted = bucket_policy.wanted_statements(work.desired, work.actual.identity)
    policy = bucket_policy.document(others, wanted)
    if policy is None:
        return work.put(
            "remove the policy", "DeleteBucketPolicy", "delete_bucket_policy", **work.where
        )
    return work.put(
        "set the policy",
        "PutBucketPolicy",
        "put_bucket_policy",
        **work.where,
        Policy=json.dumps(policy),
    )


def log_access(work: Work, step: Step) -> Any:
    """Turn the access log on."""
    target = {"TargetBucket": step.after["bucket"], "TargetPrefix": step.after["prefix"]}
    return work.put(
        "turn on the access log",
        "PutBucketLogging",
        "put_bucket_logging",
        **work.where,
        BucketLoggingStatus={"LoggingEnabled": target},
    )


Change = Callable[[Work, Step], Any]

BUCKET: Mapping[str, Change] = {
    "bucket": make_bucket,
    "bucket.tags": tag_bucket,
    "bucket.public-access": block_public_access,
    "bucket.ownership": own_objects,
    "bucket.versioning": keep_versions,
    "bucket.encryption": encrypt_bucket,
    "bucket.lifecycle": set_lifecycle,
    "bucket.policy": set_policy,
    "bucket.logging": log_access,
}
