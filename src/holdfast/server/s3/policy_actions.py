"""Which actions a bucket's policy may name, and on what: a statement that could never apply is refused.

Source: "Actions, resources, and condition keys for Amazon S3" of the service authorization reference.
"""

from holdfast.server.access.policies.document import PolicyRefused, Statement
from holdfast.server.access.policies.patterns import matches

_BUCKET = """
    CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
    GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
    GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
    GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
    GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
    GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration
    GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket
    ListBucketMultipartUploads ListBucketVersions PutAccelerateConfiguration
    PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
    PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
    PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
    PutReplicationConfiguration
"""
_OBJECT = """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes
    GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion
    GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication
    GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts
    ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention
    PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject
"""
ON_BUCKETS = frozenset(f"s3:{name}" for name in _BUCKET.split())
ON_OBJECTS = frozenset(f"s3:{name}" for name in _OBJECT.split())


def require_effect(statement: Statement, resources: list[str]) -> None:
    """Refuse a statement with an action that is none, or that none of its resources can be for.

    Args:
        statement: of the policy of a bucket.
        resources: as it has them, all of them of this bucket.

    Raises:
        PolicyRefused: in the words of S3.
    """
    if statement.not_actions or statement.not_resources:
        return
    of_objects = any(text == "*" or "/" in text or "*" in text for text in resources)
    of_bucket = any(text == "*" or "/" not in text for text in resources)
    for pattern in statement.actions:
        on_bucket, on_object = (
            any(matches(pattern, name.lower()) for name in names)
            for names in (ON_BUCKETS, ON_OBJECTS)
        )
        if not on_bucket and not on_object:
            raise PolicyRefused("Policy has invalid action")
        if not (on_bucket and of_bucket) and not (on_object and of_objects):
            raise PolicyRefused("Action does not apply to any resource(s) in statement")
