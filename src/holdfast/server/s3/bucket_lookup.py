"""Finding the bucket a request names, and who owns it."""

import hashlib
import re

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Snapshot

_ACCOUNT_ID = re.compile(r"[0-9]{12}")


def bucket_of(tx: Snapshot, params: Params) -> Bucket:
    """Return the bucket in `params["Bucket"]`; checks `ExpectedBucketOwner` if it is there.

    Raises:
        ServiceError: NoSuchBucket, AccessDenied (another owner is expected), or
            InvalidBucketOwnerAWSAccountID (what is expected is no account id).
    """
    name = params["Bucket"]
    bucket = tx.get(Bucket, name)
    if bucket is None:
        raise ServiceError("NoSuchBucket", BucketName=name)
    check_owner(tx, params.get("ExpectedBucketOwner"))
    return bucket


def source_bucket_of(tx: Snapshot, name: str, params: Params) -> Bucket:
    """Return the bucket a copy reads from; checks `ExpectedSourceBucketOwner` if it is there.

    Raises:
        ServiceError: as `bucket_of`.
    """
    bucket = tx.get(Bucket, name)
    if bucket is None:
        raise ServiceError("NoSuchBucket", BucketName=name)
    check_owner(tx, params.get("ExpectedSourceBucketOwner"))
    return bucket


def check_owner(tx: Snapshot, expected: str | None) -> None:
    """Compare an expected bucket owner (12 digits, or None) with the account we present.

    Raises:
        ServiceError: AccessDenied, or InvalidBucketOwnerAWSAccountID.
    """
    if expected is None or expected == tx.site.account:
        return
    if not _ACCOUNT_ID.fullmatch(expected):
        raise ServiceError(
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS Account ID",
            status=400,
        )
    raise ServiceError("AccessDenied")


def owner(tx: Snapshot) -> dict[str, str]:
    """Return the `Owner` member of S3 answers: the canonical user id that stands for our account."""
    return {"ID": hashlib.sha256(f"canonical user {tx.site.account}".encode()).hexdigest()}
