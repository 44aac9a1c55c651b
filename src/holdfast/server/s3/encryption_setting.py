"""The default encryption of a bucket."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot

MEMBER = "ServerSideEncryptionConfiguration"
_KMS = ("aws:kms", "aws:kms:dsse")

# In force since January 2023 for every bucket that has nothing else.
DEFAULT: Mapping[str, Any] = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}


def check_encryption(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what PutBucketEncryption brings. Whether the key exists is seen when an object is put.

    Raises:
        ServiceError: MalformedXML, InvalidArgument, or NotImplemented for blocked encryption types.
    """
    rules = given["Rules"]
    if len(rules) != 1 or "ApplyServerSideEncryptionByDefault" not in rules[0]:
        raise ServiceError("MalformedXML")
    rule = rules[0]
    default = rule["ApplyServerSideEncryptionByDefault"]
    algorithm = default["SSEAlgorithm"]
    if algorithm not in ("AES256", *_KMS):
        raise ServiceError("MalformedXML")
    if algorithm == "AES256" and "KMSMasterKeyID" in default:
        raise ServiceError(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms "
            "or aws:kms:dsse",
            status=400,
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    blocked = rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", [])
    if any(kind != "NONE" for kind in blocked):
        raise ServiceError(
            "NotImplemented", "PutBucketEncryption: blocking an encryption type is not supported"
        )
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": default,
                "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled", False)),
            }
        ]
    }
