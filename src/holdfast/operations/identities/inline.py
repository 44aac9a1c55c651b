"""The policies that are written into a user or a role, for both in one way."""

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from holdfast.client.connect import Connection
from holdfast.operations.identities.refusals import asking

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Kind = Literal["user", "role"]


def as_written(connection: Connection) -> "IAMClient":
    """Return the client for IAM, from now on with documents as they came: percent-encoded.

    The SDK gives them parsed, and what a decision says of them counts their lines and columns.
    """
    from botocore.handlers import json_decode_policies

    connection.iam.meta.events.unregister("after-call.iam", json_decode_policies)
    return connection.iam


def policies_of(connection: Connection, kind: Kind, owner: str) -> dict[str, str]:
    """Return the policies of a user or a role: name -> document.

    Raises:
        NoSuchIdentity: there is no such user or role.
        HoldfastError: they cannot be asked for.
    """
    called = kind.capitalize()
    name = {f"{called}Name": owner}
    with asking(f"list the policies of {owner}", f"iam:List{called}Policies", f"{kind}/{owner}"):
        pages = connection.iam.get_paginator(f"list_{kind}_policies")  # type: ignore[call-overload]
        found = [policy for page in pages.paginate(**name) for policy in page["PolicyNames"]]
    return {policy: policy_of(connection, kind, owner, policy) for policy in sorted(found)}


def policy_of(connection: Connection, kind: Kind, owner: str, policy: str) -> str:
    """Return a policy of a user or a role.

    Raises:
        NoSuchIdentity: there is none.
        HoldfastError: it cannot be asked for.
    """
    called = kind.capitalize()
    name = {f"{called}Name": owner, "PolicyName": policy}
    doing, iam = f"read the policy {policy} of {owner}", as_written(connection)
    with asking(doing, f"iam:Get{called}Policy", f"{kind}/{owner}"):
        answer: Any = getattr(iam, f"get_{kind}_policy")(**name)
    return unquote(answer["PolicyDocument"])


def put_policy(connection: Connection, kind: Kind, owner: str, policy: str, document: str) -> None:
    """Write a policy into a user or a role, in place of the one of that name.

    Raises:
        NoSuchIdentity: there is no such user or role.
        Refused: it is too long, or not understood.
        HoldfastError: it cannot be done.
    """
    called = kind.capitalize()
    name = {f"{called}Name": owner, "PolicyName": policy, "PolicyDocument": document}
    doing = f"write the policy {policy} into {owner}"
    with asking(doing, f"iam:Put{called}Policy", f"{kind}/{owner}"):
        getattr(connection.iam, f"put_{kind}_policy")(**name)


def delete_policy(connection: Connection, kind: Kind, owner: str, policy: str) -> None:
    """Remove a policy from a user or a role; errors as `policy_of`."""
    called = kind.capitalize()
    name = {f"{called}Name": owner, "PolicyName": policy}
    doing = f"remove the policy {policy} from {owner}"
    with asking(doing, f"iam:Delete{called}Policy", f"{kind}/{owner}"):
        getattr(connection.iam, f"delete_{kind}_policy")(**name)
