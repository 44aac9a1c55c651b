"""Users: who there is, and making and deleting them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.client.connect import Connection
from holdfast.operations.identities.inline import policies_of
from holdfast.operations.identities.keys import Key, delete_key, keys_of, tags_of
from holdfast.operations.identities.refusals import asking

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import UserTypeDef


@dataclass(frozen=True, slots=True)
class User:
    """A user. Keys, policies and tags are there only where they were asked for."""

    name: str
    arn: str
    created: datetime
    keys: tuple[Key, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)  # name -> document
    tags: Mapping[str, str] = field(default_factory=dict)


def list_users(connection: Connection) -> list[User]:
    """Return all users by name, with their keys.

    Raises:
        HoldfastError: they cannot be asked for.
    """
    with asking("list the users", "iam:ListUsers"):
        pages = connection.iam.get_paginator("list_users").paginate()
        found = [entry for page in pages for entry in page["Users"]]
    return [_user(entry, keys_of(connection, entry["UserName"])) for entry in found]


def show_user(connection: Connection, name: str) -> User:
    """Return a user with keys, policies and tags.

    Raises:
        NoSuchIdentity: there is none.
        HoldfastError: it cannot be asked for.
    """
    with asking(f"read the user {name}", "iam:GetUser", f"user/{name}"):
        entry = connection.iam.get_user(UserName=name)["User"]
    user = _user(entry, keys_of(connection, name))
    policies = policies_of(connection, "user", name)
    return User(user.name, user.arn, user.created, user.keys, policies, tags_of(connection, name))


def create_user(connection: Connection, name: str) -> User:
    """Make a user. It has no keys, and may do nothing yet.

    Raises:
        Refused: there is one of that name.
        HoldfastError: it cannot be made.
    """
    with asking(f"create the user {name}", "iam:CreateUser", f"user/{name}"):
        return _user(connection.iam.create_user(UserName=name)["User"], [])


def delete_user(connection: Connection, user: User) -> None:
    """Delete a user, with its access keys and the policies written into it.

    Keys go first: whatever stops this half way, nobody can use them any more.

    Args:
        connection: to IAM.
        user: as `show_user` gave it.

    Raises:
        Refused: it is the administrator of a server, or has something else.
        HoldfastError: it cannot be done.
    """
    for key in user.keys:
        delete_key(connection, key)
    whose = f"user/{user.name}"
    for name in user.policies:
        with asking(f"delete the policy {name} of {user.name}", "iam:DeleteUserPolicy", whose):
            connection.iam.delete_user_policy(UserName=user.name, PolicyName=name)
    with asking(f"delete the user {user.name}", "iam:DeleteUser", whose):
        connection.iam.delete_user(UserName=user.name)


def _user(entry: "UserTypeDef", keys: list[Key]) -> User:
    return User(entry["UserName"], entry["Arn"], entry["CreateDate"], tuple(keys))
