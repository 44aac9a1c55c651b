"""Whether a bucket keeps versions."""

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.bucket_setting import with_setting


@operation("GetBucketVersioning", brief=True)
def get_bucket_versioning(tx: Snapshot, params: Params) -> Result:
    """Answer Enabled, Suspended, or nothing when it was never enabled."""
    bucket = bucket_of(tx, params)
    answer = {"Status": bucket.versioning} if bucket.versioning else {}
    if "MFADelete" in bucket.settings:
        answer["MFADelete"] = bucket.settings["MFADelete"]
    return answer


@operation("PutBucketVersioning", writes=True)
def put_bucket_versioning(tx: Transaction, params: Params) -> Result:
    """Enable or suspend versioning. MFA delete can only be said to be off.

    Raises:
        ServiceError: IllegalVersioningConfigurationException, MalformedXML, NotImplemented.
    """
    bucket = bucket_of(tx, params)
    given = params["VersioningConfiguration"]
    if "Status" not in given:
        raise ServiceError(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
            status=400,
        )
    if given["Status"] not in ("Enabled", "Suspended"):
        raise ServiceError("MalformedXML")
    mfa_delete = given.get("MFADelete")
    if mfa_delete not in (None, "Enabled", "Disabled"):
        raise ServiceError("MalformedXML")
    if mfa_delete == "Enabled":
        raise ServiceError("NotImplemented", "PutBucketVersioning: MFA delete is not supported")
    if mfa_delete:
        # Kept because the AWS provider expects to read back what it wrote.
        bucket = with_setting(bucket, "MFADelete", mfa_delete)
    tx.put(msgspec.structs.replace(bucket, versioning=given["Status"]))
    return None
