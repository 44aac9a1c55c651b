"""Roles: CreateRole, GetRole, ListRoles, UpdateRole, UpdateAssumeRolePolicy, DeleteRole."""

from typing import Any

from msgspec.structs import replace

from holdfast.engine.access_records import Role
from holdfast.server.access.credentials import new_id
from holdfast.server.iam.inline_policies import checked_trust
from holdfast.server.iam.lookup import (
    conflict,
    named_role,
    refuse_boundary,
    require_new,
    shown_role,
)
from holdfast.server.iam.paging import after, page
from holdfast.server.iam.tag_lists import shown_tags, with_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("CreateRole", writes=True)
def create_role(tx: Transaction, params: Params) -> Result:
    """Make a role. Its trust policy says who may assume it; it may do nothing yet."""
    refuse_boundary(params)
    name = params["RoleName"]
    require_new(tx, Role, name)
    role = Role(
        name=name,
        role_id=new_id("AROA", tx.site.random, 17),
        created=tx.now,
        path=params.get("Path", "/"),
        trust=checked_trust(params["AssumeRolePolicyDocument"]),
        description=params.get("Description", ""),
        max_seconds=params.get("MaxSessionDuration", 3600),
        tags=with_tags({}, params.get("Tags", ())),
    )
    tx.put(role)
    tx.rules.note(tx, "role-created", {"role": name})
    return {"Role": _whole(role, tx)}


@operation("GetRole")
def get_role(tx: Snapshot, params: Params) -> Result:
    """Describe a role."""
    return {"Role": _whole(named_role(tx, params), tx)}


@operation("ListRoles")
def list_roles(tx: Snapshot, params: Params) -> Result:
    """List roles by name."""
    prefix = params.get("PathPrefix", "/")
    found = (role for role in tx.scan(Role, after=(after(params),)) if role.path.startswith(prefix))
    roles, rest = page(params, "Roles", found, lambda role: role.name)
    return {**rest, "Roles": [shown_role(role, tx.site.account) for role in roles]}


@operation("UpdateRole", writes=True)
def update_role(tx: Transaction, params: Params) -> Result:
    """Change the description and the longest session of a role."""
    role = named_role(tx, params)
    tx.put(
        replace(
            role,
            description=params.get("Description", role.description),
            max_seconds=params.get("MaxSessionDuration", role.max_seconds),
        )
    )
    tx.rules.note(tx, "role-updated", {"role": role.name})
    return {}


@operation("UpdateRoleDescription", writes=True)
def update_role_description(tx: Transaction, params: Params) -> Result:
    """Change the description of a role, and show it."""
    role = replace(named_role(tx, params), description=params["Description"])
    tx.put(role)
    tx.rules.note(tx, "role-updated", {"role": role.name})
    return {"Role": _whole(role, tx)}


@operation("UpdateAssumeRolePolicy", writes=True)
def update_assume_role_policy(tx: Transaction, params: Params) -> Result:
    """Change who may assume a role."""
    role = named_role(tx, params)
    tx.put(replace(role, trust=checked_trust(params["PolicyDocument"])))
    tx.rules.note(tx, "role-trust-changed", {"role": role.name})
    return None


@operation("DeleteRole", writes=True)
def delete_role(tx: Transaction, params: Params) -> Result:
    """Remove a role that has no policies left. What was assumed of it may do nothing from then on."""
    role = named_role(tx, params)
    if role.policies:
        conflict("delete policies")
    tx.drop(Role, role.name)
    tx.rules.note(tx, "role-deleted", {"role": role.name})
    return None


def _whole(role: Role, tx: Snapshot) -> dict[str, Any]:
    shown = shown_role(role, tx.site.account)
    return {**shown, "Tags": shown_tags(role.tags)} if role.tags else shown
