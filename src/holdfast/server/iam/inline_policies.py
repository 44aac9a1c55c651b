"""Policies that are written into a user or a role.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import Any, Literal

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role, User
from holdfast.server.access.policies.document import Kind, PolicyRefused, parse
from holdfast.server.iam.lookup import encoded, no_such
from holdfast.server.iam.paging import page_of_names
from holdfast.server.operation import Params, Transaction

# Characters of all policies of one user or role, without white space. AWS lets a role have as many
# and a user 2048; there are no groups and no managed policies here to put the rest into.
_MOST = 10_240
_MOST_TRUST = 4_096  # characters; AWS has 2048, and up to 8192 on request


def checked(document: str, kind: Kind) -> str:
    """Return a policy as it is to be kept: just as it was given.

    Raises:
        ServiceError: MalformedPolicyDocument, saying what is not understood.
    """
    try:
        parse(document, kind)
    except PolicyRefused as refused:
        raise ServiceError("MalformedPolicyDocument", str(refused), status=400) from refused
    return document


def checked_trust(document: str) -> str:
    """Return the trust policy of a role as it is to be kept.

    Raises:
        ServiceError: MalformedPolicyDocument or LimitExceeded.
    """
    if _size(document) > _MOST_TRUST:
        said = f"Cannot exceed quota for ACLSizePerRole: {_MOST_TRUST}"
        raise ServiceError("LimitExceeded", said, status=409)
    return checked(document, "trust")


def put_policy(tx: Transaction, owner: User | Role, params: Params) -> None:
    """Write a policy into a user or a role, in place of the one of that name.

    Args:
        tx: what it is written in.
        owner: whose it is.
        params: `PolicyName` and `PolicyDocument`.

    Raises:
        ServiceError: MalformedPolicyDocument or LimitExceeded.
    """
    document = checked(params["PolicyDocument"], "identity")
    policies = {**owner.policies, params["PolicyName"]: document}
    if sum(map(_size, policies.values())) > _MOST:
        said = f"Maximum policy size of {_MOST} bytes exceeded for {_word(owner)} {owner.name}"
        raise ServiceError("LimitExceeded", said, status=409)
    tx.put(replace(owner, policies=policies))
    user = isinstance(owner, User)
    tx.rules.note(tx, "user-policy-put" if user else "role-policy-put", _said(owner, params))


def delete_policy(tx: Transaction, owner: User | Role, params: Params) -> None:
    """Remove the policy that a request names; arguments as `put_policy`.

    Raises:
        ServiceError: NoSuchEntity.
    """
    _named(owner, params)
    gone = params["PolicyName"]
    policies = {name: text for name, text in owner.policies.items() if name != gone}
    tx.put(replace(owner, policies=policies))
    user = isinstance(owner, User)
    tx.rules.note(
        tx, "user-policy-deleted" if user else "role-policy-deleted", _said(owner, params)
    )


def shown_policy(owner: User | Role, params: Params) -> dict[str, Any]:
    """Return the policy that a request names, as IAM shows it; arguments as `put_policy`.

    Raises:
        ServiceError: NoSuchEntity.
    """
    document = _named(owner, params)
    return {
        f"{_word(owner).capitalize()}Name": owner.name,
        "PolicyName": params["PolicyName"],
        "PolicyDocument": encoded(document),
    }


def page_of_policies(owner: User | Role, params: Params) -> dict[str, Any]:
    """Return a page of the policies' names."""
    return page_of_names(params, "PolicyNames", owner.policies)


def _said(owner: User | Role, params: Params) -> dict[str, str]:
    return {_word(owner): owner.name, "policy": params["PolicyName"]}


def _named(owner: User | Role, params: Params) -> str:
    name = params["PolicyName"]
    if name not in owner.policies:
        raise no_such(f"{_word(owner)} policy", name)
    return owner.policies[name]


def _word(owner: User | Role) -> Literal["user", "role"]:
    return "user" if isinstance(owner, User) else "role"


def _size(document: str) -> int:
    return sum(not character.isspace() for character in document)
