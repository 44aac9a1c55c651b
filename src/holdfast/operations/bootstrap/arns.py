"""The names and ARNs that requests and policies need."""

from holdfast.client.translate import Call
from holdfast.operations.bootstrap.actual import Identity


def bucket_arn(identity: Identity, bucket: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:{identity.partition}:s3:::{bucket}"


def s3_call(doing: str, action: str, bucket: str) -> Call:
    """Return how errors name a request on a bucket."""
    return Call(doing, f"s3:{action}", f"arn:aws:s3:::{bucket}")


def table_call(doing: str, action: str, table: str) -> Call:
    """Return how errors name a request on a table."""
    return Call(doing, f"dynamodb:{action}", f"table/{table}")


def key_call(doing: str, action: str, key: str) -> Call:
    """Return how errors name a request on a key."""
    return Call(doing, f"kms:{action}", key)


def owned(identity: Identity, bucket: str) -> dict[str, str]:
    """Return the parameters that name a bucket, and that refuse it if another account owns it."""
    owner = {"ExpectedBucketOwner": identity.account} if identity.account else {}
    return {"Bucket": bucket, **owner}
