"""Users and roles as requests name them, and how IAM describes them.

Source: the operations of the IAM API reference.
"""

from typing import Any, NoReturn
from urllib.parse import quote

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role, User
from holdfast.server.operation import Params, Snapshot

_USER = ":user/"


def no_such(what: str, name: str) -> ServiceError:
    """Return the error for something that is not there, such as a `user policy`."""
    return ServiceError("NoSuchEntity", f"The {what} with name {name} cannot be found.", status=404)


def named_user(tx: Snapshot, params: Params) -> User:
    """Return the user that a request names.

    Raises:
        ServiceError: NoSuchEntity.
    """
    name = params["UserName"]
    user = tx.get(User, name)
    if user is None:
        raise no_such("user", name)
    return user


def meant_user(tx: Snapshot, params: Params) -> User:
    """Return the user that a request names, the caller if it names none.

    Raises:
        ServiceError: NoSuchEntity, or ValidationError where the caller is no user.
    """
    if "UserName" in params:
        return named_user(tx, params)
    _, found, path = tx.caller.arn.partition(_USER)
    if not found:
        raise ServiceError(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
            status=400,
        )
    return named_user(tx, {"UserName": path.rpartition("/")[2]})


def named_role(tx: Snapshot, params: Params) -> Role:
    """Return the role that a request names.

    Raises:
        ServiceError: NoSuchEntity.
    """
    name = params["RoleName"]
    role = tx.get(Role, name)
    if role is None:
        raise no_such("role", name)
    return role


def require_new(tx: Snapshot, kind: type[User] | type[Role], name: str) -> None:
    """Refuse a name that is taken. Names that differ only in case are the same to IAM.

    Raises:
        ServiceError: EntityAlreadyExists.
    """
    if any(record.name.lower() == name.lower() for record in tx.scan(kind)):
        word = "User" if kind is User else "Role"
        said = f"{word} with name {name} already exists."
        raise ServiceError("EntityAlreadyExists", said, status=409)


def refuse_boundary(params: Params) -> None:
    """Refuse a permissions boundary: to keep one and not judge by it would be worse than none.

    Raises:
        ServiceError: InvalidInput.
    """
    if "PermissionsBoundary" in params:
        raise ServiceError(
            "InvalidInput", "Permissions boundaries are not implemented here.", status=400
        )


def conflict(first: str) -> NoReturn:
    """Refuse to delete what still has something.

    Args:
        first: what has to be done before, such as `delete access keys`.

    Raises:
        ServiceError: DeleteConflict.
    """
    said = f"Cannot delete entity, must {first} first."
    raise ServiceError("DeleteConflict", said, status=409)


def shown_user(user: User, account: str) -> dict[str, Any]:
    """Return a user as IAM describes it, without its tags."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": f"arn:aws:iam::{account}:user{user.path}{user.name}",
        "CreateDate": user.created,
    }


def shown_role(role: Role, account: str) -> dict[str, Any]:
    """Return a role as IAM describes it, without its tags."""
    shown = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": f"arn:aws:iam::{account}:role{role.path}{role.name}",
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": encoded(role.trust),
        "MaxSessionDuration": role.max_seconds,
    }
    return {**shown, "Description": role.description} if role.description else shown


def encoded(document: str) -> str:
    """Return a policy as answers carry it: percent-encoded, as RFC 3986 has it."""
    return quote(document, safe="")
