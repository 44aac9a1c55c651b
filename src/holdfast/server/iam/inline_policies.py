"""Policies that are written into a user or a role.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.access.policies.document import Kind, PolicyRefused, parse
from holdfast.server.iam.lookup import encoded, no_such
from holdfast.server.iam.paging import page_of_names
from holdfast.server.operation import Params

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


def with_policy(policies: Mapping[str, str], params: Params, owner: str) -> dict[str, str]:
    """Return the policies of a user or a role with the one of a request.

    Args:
        policies: by name.
        params: `PolicyName` and `PolicyDocument`.
        owner: such as `user ada`.

    Raises:
        ServiceError: MalformedPolicyDocument or LimitExceeded.
    """
    document = checked(params["PolicyDocument"], "identity")
    added = {**policies, params["PolicyName"]: document}
    if sum(map(_size, added.values())) > _MOST:
        said = f"Maximum policy size of {_MOST} bytes exceeded for {owner}"
        raise ServiceError("LimitExceeded", said, status=409)
    return added


def without_policy(policies: Mapping[str, str], params: Params, kind: str) -> dict[str, str]:
    """Return the policies without the one that a request names.

    Args:
        policies: by name.
        params: `PolicyName`.
        kind: `user` or `role`.

    Raises:
        ServiceError: NoSuchEntity.
    """
    _named(policies, params, kind)
    return {name: text for name, text in policies.items() if name != params["PolicyName"]}


def shown_policy(policies: Mapping[str, str], params: Params, kind: str) -> dict[str, Any]:
    """Return the policy that a request names, as IAM shows it; arguments as `without_policy`.

    Raises:
        ServiceError: NoSuchEntity.
    """
    document = _named(policies, params, kind)
    return {"PolicyName": params["PolicyName"], "PolicyDocument": encoded(document)}


def page_of_policies(policies: Mapping[str, str], params: Params) -> dict[str, Any]:
    """Return a page of the policies' names."""
    return page_of_names(params, "PolicyNames", policies)


def _named(policies: Mapping[str, str], params: Params, kind: str) -> str:
    name = params["PolicyName"]
    if name not in policies:
        raise no_such(f"{kind} policy", name)
    return policies[name]


def _size(document: str) -> int:
    return sum(not character.isspace() for character in document)
