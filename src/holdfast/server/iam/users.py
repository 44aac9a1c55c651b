"""Users: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser."""

from msgspec.structs import replace

from holdfast.engine.access_records import Session, User
from holdfast.server.access.credentials import new_id
from holdfast.server.iam.administrator import require_not_administrator
from holdfast.server.iam.key_expiry import set_ends
from holdfast.server.iam.lookup import (
    conflict,
    meant_user,
    named_user,
    refuse_boundary,
    require_new,
    shown_user,
)
from holdfast.server.iam.owned_keys import keys_of
from holdfast.server.iam.paging import after, page
from holdfast.server.iam.tag_lists import shown_tags, with_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("CreateUser", writes=True)
def create_user(tx: Transaction, params: Params) -> Result:
    """Make a user. It has no keys, and may do nothing yet."""
    refuse_boundary(params)
    name = params["UserName"]
    require_new(tx, User, name)
    tags = with_tags({}, params.get("Tags", ()))
    user = User(
        name=name,
        user_id=new_id("AIDA", tx.site.random, 17),
        created=tx.now,
        path=params.get("Path", "/"),
        tags=tags,
    )
    set_ends(tx, user, tags)
    tx.put(user)
    tx.rules.note(tx, "user-created", {"user": name})
    shown = shown_user(user, tx.site.account)
    return {"User": {**shown, "Tags": shown_tags(tags)} if tags else shown}


@operation("GetUser")
def get_user(tx: Snapshot, params: Params) -> Result:
    """Describe a user: the caller unless one is named."""
    user = meant_user(tx, params)
    shown = shown_user(user, tx.site.account)
    return {"User": {**shown, "Tags": shown_tags(user.tags)} if user.tags else shown}


@operation("ListUsers")
def list_users(tx: Snapshot, params: Params) -> Result:
    """List users by name."""
    prefix = params.get("PathPrefix", "/")
    found = (user for user in tx.scan(User, after=(after(params),)) if user.path.startswith(prefix))
    users, rest = page(params, "Users", found, lambda user: user.name)
    return {**rest, "Users": [shown_user(user, tx.site.account) for user in users]}


@operation("UpdateUser", writes=True)
def update_user(tx: Transaction, params: Params) -> Result:
    """Change the name and the path of a user.

    Its keys and sessions stay its own. Policies of others that name it are not changed.
    """
    user = named_user(tx, params)
    name = params.get("NewUserName", user.name)
    if name != user.name:
        require_not_administrator(user)
        if name.lower() != user.name.lower():
            require_new(tx, User, name)
        _hand_over(tx, user.name, name)
        tx.drop(User, user.name)
    tx.put(replace(user, name=name, path=params.get("NewPath", user.path)))
    tx.rules.note(tx, "user-updated", {"user": user.name, "now": name})
    return None


def _hand_over(tx: Transaction, old: str, new: str) -> None:
    for key in keys_of(tx, old):
        tx.put(replace(key, user=new))
    for session in list(tx.scan(Session)):
        if session.user == old:
            tx.put(replace(session, user=new))


@operation("DeleteUser", writes=True)
def delete_user(tx: Transaction, params: Params) -> Result:
    """Remove a user that has no access keys and no policies left."""
    user = named_user(tx, params)
    require_not_administrator(user)
    if keys_of(tx, user.name):
        conflict("delete access keys")
    if user.policies:
        conflict("delete policies")
    tx.drop(User, user.name)
    tx.rules.note(tx, "user-deleted", {"user": user.name})
    return None
