"""GetObjectAcl and PutObjectAcl: every object is its owner's alone."""

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.found import object_of
from holdfast.server.s3.object_headers import check_acl


@operation("GetObjectAcl")
def get_object_acl(tx: Snapshot, params: Params) -> Result:
    """Return the one list there is: full control for the owner.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed or InvalidArgument.
    """
    object_of(tx, bucket_of(tx, params), params, method="GET")
    who = owner(tx)
    grantee = {"Type": "CanonicalUser", **who}
    return {"Owner": who, "Grants": [{"Grantee": grantee, "Permission": "FULL_CONTROL"}]}


@operation("PutObjectAcl", writes=True)
def put_object_acl(tx: Transaction, params: Params) -> Result:
    """Accept the private list, and refuse every other one.

    Raises:
        ServiceError: as `get_object_acl`; AccessControlListNotSupported.
    """
    object_of(tx, bucket_of(tx, params), params, method="PUT")
    check_acl(params)
    owner_id = owner(tx)["ID"]
    for grant in params.get("AccessControlPolicy", {}).get("Grants", []):
        private = grant.get("Grantee", {}).get("ID") == owner_id
        if not private or grant.get("Permission") != "FULL_CONTROL":
            raise ServiceError("AccessControlListNotSupported")
    return None
