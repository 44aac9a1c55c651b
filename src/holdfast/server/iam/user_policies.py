"""Policies of users: PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy."""

from holdfast.server.iam.inline_policies import (
    delete_policy,
    page_of_policies,
    put_policy,
    shown_policy,
)
from holdfast.server.iam.lookup import named_user
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("PutUserPolicy", writes=True)
def put_user_policy(tx: Transaction, params: Params) -> Result:
    """Write a policy into a user, in place of the one of that name."""
    put_policy(tx, named_user(tx, params), params)
    return None


@operation("GetUserPolicy")
def get_user_policy(tx: Snapshot, params: Params) -> Result:
    """Show a policy of a user."""
    return shown_policy(named_user(tx, params), params)


@operation("ListUserPolicies")
def list_user_policies(tx: Snapshot, params: Params) -> Result:
    """List the names of the policies of a user."""
    return page_of_policies(named_user(tx, params), params)


@operation("DeleteUserPolicy", writes=True)
def delete_user_policy(tx: Transaction, params: Params) -> Result:
    """Remove a policy from a user."""
    delete_policy(tx, named_user(tx, params), params)
    return None
