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

_VERSIONS = ("2008-10-17", "2012-10-17")
_DOCUMENT_FIELDS = {"Version", "Id", "Statement"}
_STATEMENT_FIELDS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


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

    Raises:
        ServiceError: MalformedPolicy.
    """
    document = policy_document(text)
    for statement in statements_of(document):
        _check_statement(statement, bucket)
    return document


def policy_document(text: str) -> Mapping[str, Any]:
    """Return the document in a policy text.

    Raises:
        ServiceError: MalformedPolicy when it is no policy document.
    """
    if len(text.encode()) > MOST_BYTES:
        raise _malformed("Policy exceeds the maximum allowed document size.")
    if not text.startswith("{"):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise _malformed("This policy contains invalid Json") from None
    unknown = sorted(set(document) - _DOCUMENT_FIELDS)
    if unknown:
        raise _malformed(f"Unknown field {unknown[0]}")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    if "Statement" not in document:
        raise _malformed("Missing required field Statement")
    return document  # type: ignore[no-any-return]  # JSON is untyped


def statements_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document, of which one may stand without its list.

    Raises:
        ServiceError: MalformedPolicy.
    """
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        raise _malformed("Could not parse the policy: Statement is empty!")
    return statements


def _check_statement(statement: Mapping[str, Any], bucket: str) -> None:
    unknown = sorted(set(statement) - _STATEMENT_FIELDS)
    if unknown:
        raise _malformed(f"Unknown field {unknown[0]}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {statement.get('Effect')}")
    for field in ("Principal", "Action", "Resource"):
        if (field in statement) == ("Not" + field in statement):
            raise _malformed(f"Missing required field {field}")
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if principal != "*" and not (isinstance(principal, dict) and principal):
        raise _malformed("Invalid principal in policy")
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict) or not all(
        isinstance(tests, dict) for tests in conditions.values()
    ):
        raise _malformed("Conditions do not apply to combination of actions and resources")
    _check_actions(texts(statement.get("Action", statement.get("NotAction"))))
    _check_resources(texts(statement.get("Resource", statement.get("NotResource"))), bucket)


def _check_actions(actions: list[str]) -> None:
    if not actions or not all(name == "*" or name.lower().startswith("s3:") for name in actions):
        raise _malformed("Policy has invalid action")


def _check_resources(resources: list[str], bucket: str) -> None:
    own = f"arn:aws:s3:::{bucket}"
    for resource in resources:
        if resource not in ("*", own) and not resource.startswith((own + "/", own + "*")):
            raise _malformed("Policy has invalid resource")
    if not resources:
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
    return {"PolicyStatus": {"IsPublic": is_public(policy_document(text))}}


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message, status=400)
