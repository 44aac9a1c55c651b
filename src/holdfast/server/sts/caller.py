"""Who am I: STS GetCallerIdentity and IAM GetUser."""

from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey, User
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.sts.validation import invalid, violations


@operation("GetCallerIdentity", brief=True)
def get_caller_identity(tx: Snapshot, _params: Params) -> Result:
    """Tell a caller who it is."""
    caller = tx.caller
    return {"UserId": caller.user_id, "Account": tx.site.account, "Arn": caller.arn}


@operation("GetUser")
def get_user(tx: Snapshot, params: Params) -> Result:
    """Describe a user: the caller unless one is named."""
    name = params.get("UserName")
    if name is None:
        name = _own_name(tx)
    elif found := list(violations("userName", name, r"[\w+=,.@-]+", 1, 128)):
        raise invalid(found)
    user = tx.get(User, name)
    if user is None:
        said = f"The user with name {name} cannot be found."
        raise ServiceError("NoSuchEntity", said, status=404)
    return {"User": _described(user, tx.site.account)}


def _own_name(tx: Snapshot) -> str:
    key = None if tx.caller.session else tx.get(AccessKey, tx.caller.access_key_id)
    if key is None:
        raise ServiceError(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
            status=400,
        )
    return key.user


def _described(user: User, account: str) -> dict[str, Any]:
    return {
        "Path": "/",
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": f"arn:aws:iam::{account}:user/{user.name}",
        "CreateDate": user.created,
    }
