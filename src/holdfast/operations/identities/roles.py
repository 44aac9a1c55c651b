"""Roles: what can be assumed, and by whom."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from holdfast.client.connect import Connection
from holdfast.operations.identities.inline import as_written, policies_of
from holdfast.operations.identities.refusals import Refused, asking

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef


@dataclass(frozen=True, slots=True)
class Role:
    """A role. Policies are there only where they were asked for."""

    name: str
    arn: str
    created: datetime
    trust: str  # the trust policy, as it was written
    max_seconds: int  # the longest session
    description: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)  # name -> document


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may assume a role: users, or whoever a web identity issuer vouches for."""

    users: Sequence[str] = ()  # names; `*` for every user of the account that is allowed to
    issuer: str = ""  # https://...
    audiences: Sequence[str] = ()
    subjects: Sequence[str] = ()  # with wildcards
    external_id: str = ""


def list_roles(connection: Connection) -> list[Role]:
    """Return all roles by name.

    Raises:
        HoldfastError: they cannot be asked for.
    """
    iam = as_written(connection)
    with asking("list the roles", "iam:ListRoles"):
        pages = iam.get_paginator("list_roles").paginate()
        return [_role(entry) for page in pages for entry in page["Roles"]]


def show_role(connection: Connection, name: str) -> Role:
    """Return a role with its policies.

    Raises:
        NoSuchIdentity: there is none.
        HoldfastError: it cannot be asked for.
    """
    iam = as_written(connection)
    with asking(f"read the role {name}", "iam:GetRole", f"role/{name}"):
        entry = iam.get_role(RoleName=name)["Role"]
    return _role(entry, policies_of(connection, "role", name))


def create_role(
    connection: Connection, name: str, trust: Trust, *, description: str, max_seconds: int
) -> Role:
    """Make a role. It may do nothing yet.

    Args:
        connection: to IAM and STS.
        name: of the role.
        trust: who may assume it.
        description: for people.
        max_seconds: the longest session, 3600 to 43200.

    Raises:
        Refused: there is one of that name, or nobody is trusted.
        HoldfastError: it cannot be made.
    """
    document = trust_policy(connection, trust)
    iam = as_written(connection)
    with asking(f"create the role {name}", "iam:CreateRole", f"role/{name}"):
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document,
            Description=description,
            MaxSessionDuration=max_seconds,
        )
    return _role(made["Role"])


def delete_role(connection: Connection, role: Role) -> None:
    """Delete a role with the policies written into it; what was assumed may do nothing any more.

    Args:
        connection: to IAM.
        role: as `show_role` gave it.

    Raises:
        HoldfastError: it cannot be done.
    """
    whose = f"role/{role.name}"
    for name in role.policies:
        with asking(f"delete the policy {name} of {role.name}", "iam:DeleteRolePolicy", whose):
            connection.iam.delete_role_policy(RoleName=role.name, PolicyName=name)
    with asking(f"delete the role {role.name}", "iam:DeleteRole", whose):
        connection.iam.delete_role(RoleName=role.name)


def trust_policy(connection: Connection, trust: Trust) -> str:
    """Return the trust policy that trusts whom it should.

    Raises:
        Refused: nobody is trusted, or an issuer without an audience or a subject.
    """
    said = connection.identity()
    partition = said["Arn"].split(":")[1]
    here = f"arn:{partition}:iam::{said['Account']}"
    statements = []
    if trust.users:
        statements.append(_users(here, trust))
    if trust.issuer:
        issuer = trust.issuer.removeprefix("https://")
        # AWS names a provider with the slash at its end, if its issuer has one.
        named = issuer if connection.is_aws else issuer.rstrip("/")
        statements.append(_issuer(here, trust, named))
    if not statements:
        raise Refused(
            "nobody is trusted to assume the role",
            "Say who may: --trust-user NAME (or '*' for all users that are allowed to), "
            "or --trust-issuer URL --audience NAME --subject NAME.",
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _users(here: str, trust: Trust) -> dict[str, Any]:
    everyone = "*" in trust.users
    arns = [f"{here}:root"] if everyone else [f"{here}:user/{name}" for name in trust.users]
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    statement: dict[str, Any] = {
        "Sid": "Users",
        "Effect": "Allow",
        "Principal": {"AWS": arns},
        "Action": actions,
    }
    if trust.external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": trust.external_id}}
    return statement


def _issuer(here: str, trust: Trust, issuer: str) -> dict[str, Any]:
    url = urlsplit(trust.issuer)
    if url.scheme != "https" or not url.hostname:
        raise Refused(
            f"{trust.issuer} is no issuer of web identities",
            "Give its URL as its tokens have it: https://gitlab.example.org",
        )
    if not trust.audiences or not trust.subjects:
        raise Refused(
            f"everybody to whom {trust.issuer} gives a token would be trusted",
            "Say for whom the tokens are, --audience NAME, and whose, --subject NAME; a '*' in it "
            "stands for any characters.",
        )
    return {
        "Sid": "Tokens",
        "Effect": "Allow",
        "Principal": {"Federated": f"{here}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{issuer}:aud": list(trust.audiences)},
            "StringLike": {f"{issuer}:sub": list(trust.subjects)},
        },
    }


def _role(entry: "RoleTypeDef", policies: Mapping[str, str] | None = None) -> Role:
    document: Any = entry.get("AssumeRolePolicyDocument", "")
    return Role(
        entry["RoleName"],
        entry["Arn"],
        entry["CreateDate"],
        unquote(document),
        entry.get("MaxSessionDuration", 3600),
        entry.get("Description", ""),
        policies or {},
    )
