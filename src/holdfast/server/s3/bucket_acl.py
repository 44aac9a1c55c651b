"""The access control list of a bucket: always private."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.ownership import ENFORCED, ownership_of
from holdfast.server.s3.public_access import blocks

_CANNED = ("private", "public-read", "public-read-write", "authenticated-read")
_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


@operation("GetBucketAcl")
def get_bucket_acl(tx: Snapshot, params: Params) -> Result:
    """Answer that the owner, and nobody else, has full control."""
    bucket_of(tx, params)
    who = owner(tx)
    grantee = {"Type": "CanonicalUser", **who}
    return {"Owner": who, "Grants": [{"Grantee": grantee, "Permission": "FULL_CONTROL"}]}


@operation("PutBucketAcl", writes=True)
def put_bucket_acl(tx: Transaction, params: Params) -> Result:
    """Accept the private list, and refuse every other one.

    Raises:
        ServiceError: AccessControlListNotSupported while object ownership is enforced,
            AccessDenied when a public list is blocked, InvalidArgument, MissingSecurityHeader,
            NotImplemented for any other list.
    """
    bucket = bucket_of(tx, params)
    if ownership_of(bucket) == ENFORCED:
        raise ServiceError(
            "AccessControlListNotSupported", "The bucket does not allow ACLs", status=400
        )
    canned = params.get("ACL")
    if canned is not None and canned not in _CANNED:
        raise ServiceError("InvalidArgument", status=400, ArgumentName="x-amz-acl")
    if canned not in (None, "private") and blocks(bucket, "BlockPublicAcls"):
        raise ServiceError("AccessDenied")
    policy = params.get("AccessControlPolicy")
    if canned is None and policy is None and not any(name in params for name in _GRANTS):
        raise ServiceError(
            "MissingSecurityHeader",
            "Your request was missing a required header",
            status=400,
            MissingHeaderName="x-amz-acl",
        )
    if not _is_private(params, policy, owner(tx)["ID"]):
        raise ServiceError(
            "NotImplemented", "PutBucketAcl: only the private access control list is supported"
        )
    return None


def refuse_grants(params: Params, operation_name: str) -> None:
    """Refuse any access control list other than private in the headers of a request.

    Raises:
        ServiceError: InvalidArgument for an unknown list, else NotImplemented.
    """
    canned = params.get("ACL", "private")
    if canned not in _CANNED:
        raise ServiceError("InvalidArgument", status=400, ArgumentName="x-amz-acl")
    if canned != "private" or any(name in params for name in _GRANTS):
        raise ServiceError(
            "NotImplemented",
            f"{operation_name}: only the private access control list is supported",
        )


def _is_private(params: Params, policy: Mapping[str, Any] | None, owner_id: str) -> bool:
    if params.get("ACL", "private") != "private" or any(name in params for name in _GRANTS):
        return False
    if policy is None:
        return True
    return all(
        grant.get("Grantee", {}).get("ID") == owner_id and grant.get("Permission") == "FULL_CONTROL"
        for grant in policy.get("Grants", [])
    )
