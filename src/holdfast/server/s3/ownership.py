"""Object ownership: whether access control lists mean anything in a bucket."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot

MEMBER = "OwnershipControls"
ENFORCED = "BucketOwnerEnforced"
CHOICES = ("BucketOwnerPreferred", "ObjectWriter", ENFORCED)


def controls(ownership: str) -> Mapping[str, Any]:
    """Return the ownership controls that say this."""
    return {"Rules": [{"ObjectOwnership": ownership}]}


def ownership_of(bucket: Bucket) -> str:
    """Return the ownership in force; ObjectWriter when the controls were deleted, as in S3."""
    rules: list[Mapping[str, str]] = bucket.settings.get(MEMBER, {}).get("Rules", [])
    return rules[0]["ObjectOwnership"] if rules else "ObjectWriter"


def check_controls(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what PutBucketOwnershipControls brings.

    Raises:
        ServiceError: MalformedXML.
    """
    rules = given["Rules"]
    if len(rules) != 1 or rules[0]["ObjectOwnership"] not in CHOICES:
        raise ServiceError("MalformedXML")
    return given
