"""What has to be allowed for each operation of S3.

Source: "Actions, resources, and condition keys for Amazon S3" of the service authorization reference,
and "Required permissions for Amazon S3 API operations" of the S3 user guide.
"""

from collections.abc import Callable, Mapping

from msgspec import structs

from holdfast.engine.records import Bucket
from holdfast.server.access.asked import Asked, Guard, Need
from holdfast.server.access.known import Later
from holdfast.server.access.policies.patterns import Values
from holdfast.server.s3.copy_source import parse_copy_source

POLICY = "Policy"  # the bucket's setting

# Operations on a bucket as such.
_BUCKET: Mapping[str, str] = {
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketWebsite": "DeleteBucketWebsite",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestPayment": "GetBucketRequestPayment",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutBucketRequestPayment": "PutBucketRequestPayment",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutBucketWebsite": "PutBucketWebsite",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# Operations on one object, and what they are called on a version of it.
_OBJECT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "AbortMultipartUpload": (("AbortMultipartUpload",), ("AbortMultipartUpload",)),
    "DeleteObject": (("DeleteObject",), ("DeleteObjectVersion",)),
    "DeleteObjectTagging": (("DeleteObjectTagging",), ("DeleteObjectVersionTagging",)),
    "GetObject": (("GetObject",), ("GetObjectVersion",)),
    "GetObjectAcl": (("GetObjectAcl",), ("GetObjectVersionAcl",)),
    "GetObjectAttributes": (
        ("GetObject", "GetObjectAttributes"),
        ("GetObjectVersion", "GetObjectVersionAttributes"),
    ),
    "GetObjectTagging": (("GetObjectTagging",), ("GetObjectVersionTagging",)),
    "HeadObject": (("GetObject",), ("GetObjectVersion",)),
    "ListParts": (("ListMultipartUploadParts",), ("ListMultipartUploadParts",)),
    "PutObjectAcl": (("PutObjectAcl",), ("PutObjectVersionAcl",)),
    "PutObjectTagging": (("PutObjectTagging",), ("PutObjectVersionTagging",)),
}
# Operations that write an object, with what their headers ask for besides.
_WRITES = (
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
)
_MOST_DELETED = 1000  # a request with more is refused
# What a deletion may expect of the object: members of DeleteObject, and of entries of DeleteObjects.
_CONDITIONS = frozenset(
    {"ETag", "IfMatch", "IfMatchLastModifiedTime", "IfMatchSize", "LastModifiedTime", "Size"}
)
_NOTHING: Values = {}
_ACL_HEADERS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
# Members whose values are condition keys.
_VALUES: Mapping[str, str] = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MaxKeys": "s3:max-keys",
    "MaxUploads": "s3:max-keys",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
}


def _list_buckets(asked: Asked) -> list[Need]:
    return [Need("s3:ListAllMyBuckets", "arn:aws:s3:::*", later=_later(asked))]


def _create_bucket(asked: Asked) -> list[Need]:
    params = asked.params
    found = params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    values = {"s3:locationconstraint": (str(found),)} if found else {}
    actions = ["CreateBucket"]
    if any(name in params for name in (*_ACL_HEADERS, "GrantWrite")):
        actions.append("PutBucketAcl")
    if "ObjectOwnership" in params:
        actions.append("PutBucketOwnershipControls")
    if params.get("ObjectLockEnabledForBucket"):
        actions += ["PutBucketObjectLockConfiguration", "PutBucketVersioning"]
    arn, later = bucket_arn(params["Bucket"]), _later(asked)
    return [Need(f"s3:{action}", arn, values, later=later) for action in actions]


def _write(asked: Asked) -> list[Need]:
    params = asked.params
    actions = ["PutObject"]
    if any(name in params for name in _ACL_HEADERS):
        actions.append("PutObjectAcl")
    if params.get("Tagging"):
        actions.append("PutObjectTagging")
    if "IfMatch" in params:
        actions.append("GetObject")
    needs = _of_object(asked, params["Bucket"], params["Key"], actions)
    return needs + _of_source(asked) if "CopySource" in params else needs


def _of_source(asked: Asked) -> list[Need]:
    """Return what a copy needs of what it reads.

    Raises:
        ServiceError: InvalidArgument; it does not say what it reads.
    """
    bucket, key, version_id = parse_copy_source(asked.params["CopySource"])
    action = "GetObject" if version_id is None else "GetObjectVersion"
    values = {} if version_id is None else {"s3:versionid": (version_id,)}
    return _of_object(asked, bucket, key, [action], values)


def _delete_objects(asked: Asked) -> list[Need]:
    """Return a need for each entry, in their order."""
    params = asked.params
    guard, later = guard_of(asked, params["Bucket"]), _later(asked)
    needs = []
    for entry in params["Delete"].get("Objects", [])[:_MOST_DELETED]:
        version_id = entry.get("VersionId")
        action = "s3:DeleteObject" if version_id is None else "s3:DeleteObjectVersion"
        values = {} if version_id is None else {"s3:versionid": (version_id,)}
        if "ETag" in entry:
            values["s3:if-match"] = (entry["ETag"],)
        arn = object_arn(params["Bucket"], entry.get("Key", ""))
        needs.append(Need(action, arn, values, guard, later))
    return needs


def condition_of(deletion: Need, entry: Mapping[str, object]) -> Need | None:
    """Return what the conditions of an entry of DeleteObjects need; None if it has none.

    Whether they hold tells of an object what reading it would.
    """
    if _CONDITIONS.isdisjoint(entry):
        return None
    version = deletion.action == "s3:DeleteObjectVersion"
    return structs.replace(deletion, action="s3:GetObjectVersion" if version else "s3:GetObject")


def needs(asked: Asked) -> list[Need]:
    """Return all that has to be allowed for a request to S3."""
    special = SPECIAL.get(asked.operation)
    if special is not None:
        return special(asked)
    params = asked.params
    action = _BUCKET.get(asked.operation)
    if action is not None:
        name = params["Bucket"]
        guard, later = guard_of(asked, name), _later(asked)
        return [Need(f"s3:{action}", bucket_arn(name), {}, guard, later)]
    plain, of_version = _OBJECT[asked.operation]
    actions = list(of_version if "VersionId" in params else plain)
    if "BypassGovernanceRetention" in params:
        actions.append("BypassGovernanceRetention")
    if asked.operation == "DeleteObject" and not _CONDITIONS.isdisjoint(params):
        actions.append("GetObjectVersion" if "VersionId" in params else "GetObject")
    return _of_object(asked, params["Bucket"], params["Key"], actions)


def _of_object(
    asked: Asked, bucket: str, key: str, actions: list[str], values: Values = _NOTHING
) -> list[Need]:
    guard, later, arn = guard_of(asked, bucket), _later(asked), object_arn(bucket, key)
    return [Need(f"s3:{action}", arn, values, guard, later) for action in actions]


def seeing(asked: Asked, bucket: str, key: str, *, version: bool) -> Need:
    """Return what has to be allowed for being told that a key, or a version of it, is not there.

    Who may list with this key as the prefix could find out as well.
    """
    action = "s3:ListBucketVersions" if version else "s3:ListBucket"
    guard = guard_of(asked, bucket)
    return Need(action, bucket_arn(bucket), {"s3:prefix": (key,)}, guard, _later(asked))


def guard_of(asked: Asked, name: str) -> Guard | None:
    """Return the policy of a bucket; None if it has none, or there is no such bucket."""
    bucket = asked.reader.get(Bucket, name)
    text = bucket.settings.get(POLICY) if bucket is not None else None
    return Guard(text, "bucket", decides=False) if text else None


def bucket_arn(name: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:aws:s3:::{name}"


def object_arn(bucket: str, key: str) -> str:
    """Return the ARN of an object."""
    return f"arn:aws:s3:::{bucket}/{key}"


def _later(asked: Asked) -> Later:
    return Later(lambda: _values(asked))


def _values(asked: Asked) -> Values:
    params, claims = asked.params, asked.claims
    values = {key: (str(params[name]),) for name, key in _VALUES.items() if name in params}
    age = round((asked.now - claims.time).total_seconds() * 1000)
    values["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    values["s3:authtype"] = ("REST-QUERY-STRING" if claims.presigned else "REST-HEADER",)
    values["s3:signatureage"] = (str(age),)
    values["s3:x-amz-content-sha256"] = (claims.payload_hash,)
    values["s3:resourceaccount"] = (asked.site.account,)
    return values


SPECIAL: Mapping[str, Callable[[Asked], list[Need]]] = {
    "CreateBucket": _create_bucket,
    "DeleteObjects": _delete_objects,
    "ListBuckets": _list_buckets,
    **dict.fromkeys(_WRITES, _write),
}
OPERATIONS = frozenset({*_BUCKET, *_OBJECT, *SPECIAL})
ACTIONS = frozenset(
    f"s3:{name}"
    for name in (
        *_BUCKET.values(),
        *(name for plain, of_version in _OBJECT.values() for name in (*plain, *of_version)),
        *("BypassGovernanceRetention", "CreateBucket", "ListAllMyBuckets", "PutObject"),
    )
)


def places_of(asked: Asked) -> list[tuple[str, str]]:
    """Return the buckets and keys that a request is about: its own, and what it copies."""
    params = asked.params
    found = [(params["Bucket"], params["Key"])]
    if "CopySource" in params:
        found.append(parse_copy_source(params["CopySource"])[:2])
    return found
