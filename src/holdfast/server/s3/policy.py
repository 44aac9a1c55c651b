"""The policy of a bucket: what PutBucketPolicy accepts."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.policy_status import is_public, texts
from holdfast.server.s3.public_access import blocks

MEMBER = "Policy"
MOST_BYTES = 20 * 1024


def check_policy(tx: Snapshot, bucket: Bucket, given: str) -> str:
    """Check what PutBucketPolicy brings; it is kept as it was sent.

    Raises:
        ServiceError: MalformedPolicy, or AccessDenied for a public policy while BlockPublicPolicy
            is on.
    """
    document = checked_document(given, bucket.name)
    if is_public(document) and blocks(bucket, "BlockPublicPolicy"):
        raise ServiceError(
            "AccessDenied",
            f"User: {tx.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{bucket.name}" because public policies are prevented by the '
            "BlockPublicPolicy setting in S3 Block Public Access.",
        )
    return given


def checked_document(text: str, bucket: str) -> Mapping[str, Any]:
    """Return the document in a policy text if it may be the policy of this bucket.

    Whatever cannot be evaluated exactly is refused.

    Raises:
        ServiceError: MalformedPolicy.
    """
    from holdfast.server.access.policies.document import PolicyRefused, parse
    from holdfast.server.s3.policy_actions import require_effect

    if len(text.encode()) > MOST_BYTES:
        raise _malformed("Policy exceeds the maximum allowed document size.")
    if not text.startswith("{"):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        statements = parse(text, "bucket").statements
        document: Mapping[str, Any] = msgspec.json.decode(text)
        found = document["Statement"]
        elements = found if isinstance(found, list) else [found]
        for statement, element in zip(statements, elements, strict=True):
            resources = texts(element.get("Resource", element.get("NotResource")))
            _check_resources(resources, bucket)
            require_effect(statement, resources)
    except PolicyRefused as problem:
        raise _malformed(str(problem)) from None
    return document


def _check_resources(resources: list[str], bucket: str) -> None:
    own = f"arn:aws:s3:::{bucket}"
    for resource in resources:
        if resource not in ("*", own) and not resource.startswith((own + "/", own + "*")):
            raise _malformed("Policy has invalid resource")


@operation("GetBucketPolicyStatus")
def get_bucket_policy_status(tx: Snapshot, params: Params) -> Result:
    """Answer whether the bucket's policy is public.

    Raises:
        ServiceError: NoSuchBucketPolicy.
    """
    bucket = bucket_of(tx, params)
    text = bucket.settings.get(MEMBER)
    if text is None:
        raise ServiceError("NoSuchBucketPolicy", BucketName=bucket.name)
    return {"PolicyStatus": {"IsPublic": is_public(msgspec.json.decode(text))}}


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message, status=400)
