"""Policies of roles: PutRolePolicy, GetRolePolicy, ListRolePolicies, DeleteRolePolicy."""

from msgspec.structs import replace

from holdfast.server.iam.inline_policies import (
    page_of_policies,
    shown_policy,
    with_policy,
    without_policy,
)
from holdfast.server.iam.lookup import named_role
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("PutRolePolicy", writes=True)
def put_role_policy(tx: Transaction, params: Params) -> Result:
    """Write a policy into a role, in place of the one of that name."""
    role = named_role(tx, params)
    tx.put(replace(role, policies=with_policy(role.policies, params, f"role {role.name}")))
    said = {"role": role.name, "policy": params["PolicyName"]}
    tx.rules.note(tx, "role-policy-put", said)
    return None


@operation("GetRolePolicy")
def get_role_policy(tx: Snapshot, params: Params) -> Result:
    """Show a policy of a role."""
    role = named_role(tx, params)
    return {"RoleName": role.name, **shown_policy(role.policies, params, "role")}


@operation("ListRolePolicies")
def list_role_policies(tx: Snapshot, params: Params) -> Result:
    """List the names of the policies of a role."""
    return page_of_policies(named_role(tx, params).policies, params)


@operation("DeleteRolePolicy", writes=True)
def delete_role_policy(tx: Transaction, params: Params) -> Result:
    """Remove a policy from a role."""
    role = named_role(tx, params)
    tx.put(replace(role, policies=without_policy(role.policies, params, "role")))
    said = {"role": role.name, "policy": params["PolicyName"]}
    tx.rules.note(tx, "role-policy-deleted", said)
    return None
