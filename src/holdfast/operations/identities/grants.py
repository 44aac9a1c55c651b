"""Granting a ready policy to a user or a role, and taking it away."""

from contextlib import suppress
from dataclasses import dataclass

from holdfast.client.connect import Connection
from holdfast.operations.identities.inline import (
    Kind,
    delete_policy,
    policies_of,
    policy_of,
    put_policy,
)
from holdfast.operations.identities.places import Place
from holdfast.operations.identities.ready import Right, ready_policy, right_of
from holdfast.operations.identities.refusals import NoSuchIdentity, Refused, asking


@dataclass(frozen=True, slots=True)
class Grant:
    """A ready policy that a user or a role has. `before` is the right that it replaced."""

    right: Right
    policy: str  # its name
    before: Right | None = None


def grant(connection: Connection, kind: Kind, owner: str, right: Right, place: Place) -> Grant:
    """Give a user or a role a right to a place, in place of the one it has there.

    Raises:
        NoSuchIdentity: there is no such user or role.
        Refused: its policies are too long together.
        HoldfastError: it cannot be done.
    """
    if right == "outputs" and place.is_aws:
        raise Refused(
            "AWS has no right to read only the outputs of a state: a state is one object there",
            f"Grant reader, or copy the outputs that {owner} needs to another place.",
        )
    name, before = place.policy_name, None
    with suppress(NoSuchIdentity):
        before = right_of(policy_of(connection, kind, owner, name))
    try:
        put_policy(connection, kind, owner, name, ready_policy(right, place))
    except Refused as refused:
        raise Refused(
            refused.happened,
            f"AWS lets a user have 2048 characters of such policies, a role 10240. See what {owner} "
            f"has: holdfast policy show {owner}. Grant it to a role that {owner} assumes, or revoke "
            "what is not needed.",
        ) from refused
    return Grant(right, name, before)


def revoke(connection: Connection, kind: Kind, owner: str, place: Place) -> Grant:
    """Take away the right that a user or a role has to a place.

    Raises:
        NoSuchIdentity: there is no such user or role, or it has no right there.
        HoldfastError: it cannot be done.
    """
    name = place.policy_name
    try:
        right = right_of(policy_of(connection, kind, owner, name))
    except NoSuchIdentity:
        right = None
    if right is None:
        require(connection, kind, owner)
        raise NoSuchIdentity(
            f"{owner} was granted nothing at {place.url}",
            f"'holdfast policy show {owner}' shows all policies of {owner}.",
        )
    delete_policy(connection, kind, owner, name)
    return Grant(right, name)


def require(connection: Connection, kind: Kind, owner: str) -> None:
    """See that there is a user or a role.

    Raises:
        NoSuchIdentity: there is none.
        HoldfastError: it cannot be asked.
    """
    called = kind.capitalize()
    with asking(f"read the {kind} {owner}", f"iam:Get{called}", f"{kind}/{owner}"):
        getattr(connection.iam, f"get_{kind}")(**{f"{called}Name": owner})


def granted(connection: Connection, kind: Kind, owner: str) -> dict[str, Right]:
    """Return the rights that a user or a role was granted, by the name of the policy.

    Raises:
        NoSuchIdentity: there is no such user or role.
        HoldfastError: it cannot be asked.
    """
    policies = policies_of(connection, kind, owner)
    rights = {name: right_of(document) for name, document in policies.items()}
    return {name: right for name, right in rights.items() if right is not None}
