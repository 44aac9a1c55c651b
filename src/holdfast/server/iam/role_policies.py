"""Policies of roles: PutRolePolicy, GetRolePolicy, ListRolePolicies, DeleteRolePolicy."""

from holdfast.server.iam.inline_policies import (
    delete_policy,
    page_of_policies,
    put_policy,
    shown_policy,
)
from holdfast.server.iam.lookup import named_role
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("PutRolePolicy", writes=True)
def put_role_policy(tx: Transaction, params: Params) -> Result:
    """Write a policy into a role, in place of the one of that name."""
    put_policy(tx, named_role(tx, params), params)
    return None


@operation("GetRolePolicy")
def get_role_policy(tx: Snapshot, params: Params) -> Result:
    """Show a policy of a role."""
    return shown_policy(named_role(tx, params), params)


@operation("ListRolePolicies")
def list_role_policies(tx: Snapshot, params: Params) -> Result:
    """List the names of the policies of a role."""
    return page_of_policies(named_role(tx, params), params)


@operation("DeleteRolePolicy", writes=True)
def delete_role_policy(tx: Transaction, params: Params) -> Result:
    """Remove a policy from a role."""
    delete_policy(tx, named_role(tx, params), params)
    return None
