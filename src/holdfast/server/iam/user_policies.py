"""Policies of users: PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy."""

from msgspec.structs import replace

from holdfast.server.iam.inline_policies import (
    page_of_policies,
    shown_policy,
    with_policy,
    without_policy,
)
from holdfast.server.iam.lookup import named_user
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("PutUserPolicy", writes=True)
def put_user_policy(tx: Transaction, params: Params) -> Result:
    """Write a policy into a user, in place of the one of that name."""
    user = named_user(tx, params)
    tx.put(replace(user, policies=with_policy(user.policies, params, f"user {user.name}")))
    said = {"user": user.name, "policy": params["PolicyName"]}
    tx.rules.note(tx, "user-policy-put", said)
    return None


@operation("GetUserPolicy")
def get_user_policy(tx: Snapshot, params: Params) -> Result:
    """Show a policy of a user."""
    user = named_user(tx, params)
    return {"UserName": user.name, **shown_policy(user.policies, params, "user")}


@operation("ListUserPolicies")
def list_user_policies(tx: Snapshot, params: Params) -> Result:
    """List the names of the policies of a user."""
    return page_of_policies(named_user(tx, params).policies, params)


@operation("DeleteUserPolicy", writes=True)
def delete_user_policy(tx: Transaction, params: Params) -> Result:
    """Remove a policy from a user."""
    user = named_user(tx, params)
    tx.put(replace(user, policies=without_policy(user.policies, params, "user")))
    said = {"user": user.name, "policy": params["PolicyName"]}
    tx.rules.note(tx, "user-policy-deleted", said)
    return None
