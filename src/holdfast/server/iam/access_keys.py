"""Access keys of users: CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey."""

from typing import Any

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey, User
from holdfast.server.access.users import create_access_key as new_access_key
from holdfast.server.iam.administrator import require_left
from holdfast.server.iam.key_expiry import PREFIX
from holdfast.server.iam.lookup import meant_user
from holdfast.server.iam.owned_keys import keys_of
from holdfast.server.iam.paging import after, page
from holdfast.server.iam.tag_lists import without_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

# AWS has two, which is enough to rotate one key; machines that share a user want a key each.
_MOST = 5  # per user


@operation("CreateAccessKey", writes=True)
def create_access_key(tx: Transaction, params: Params) -> Result:
    """Make an access key for a user, the caller unless one is named. Only here is its secret told."""
    user = meant_user(tx, params)
    if len(keys_of(tx, user.name)) >= _MOST:
        said = f"Cannot exceed quota for AccessKeysPerUser: {_MOST}"
        raise ServiceError("LimitExceeded", said, status=409)
    key = new_access_key(tx, tx.site.vault, user.name, tx.now, tx.site.random)
    tx.rules.note(tx, "key-created", {"user": user.name, "access_key_id": key.access_key_id})
    return {
        "AccessKey": {
            "UserName": user.name,
            "AccessKeyId": key.access_key_id,
            "Status": "Active",
            "SecretAccessKey": key.secret,
            "CreateDate": tx.now,
        }
    }


@operation("ListAccessKeys")
def list_access_keys(tx: Snapshot, params: Params) -> Result:
    """List the access keys of a user, the caller unless one is named. Never with a secret."""
    user = meant_user(tx, params)
    start = after(params)
    found = [key for key in keys_of(tx, user.name) if key.access_key_id > start]
    keys, rest = page(params, "AccessKeyMetadata", found, lambda key: key.access_key_id)
    return {**rest, "AccessKeyMetadata": [_shown(key) for key in keys]}


@operation("UpdateAccessKey", writes=True)
def update_access_key(tx: Transaction, params: Params) -> Result:
    """Switch an access key on or off. It takes effect with the next request."""
    if params["Status"] == "Expired":
        raise ServiceError(
            "InvalidInput",
            "The status of an access key can be set to Active or Inactive.",
            status=400,
        )
    _, key = _named(tx, params)
    active = params["Status"] == "Active"
    if not active:
        require_left(tx, key)
    tx.put(replace(key, active=active))
    what = "key-enabled" if active else "key-disabled"
    tx.rules.note(tx, what, {"user": key.user, "access_key_id": key.access_key_id})
    return None


@operation("DeleteAccessKey", writes=True)
def delete_access_key(tx: Transaction, params: Params) -> Result:
    """Remove an access key, and the tag that says when it expires."""
    user, key = _named(tx, params)
    require_left(tx, key)
    tx.drop(AccessKey, key.access_key_id)
    tags = without_tags(user.tags, [PREFIX + key.access_key_id])
    if tags != user.tags:
        tx.put(replace(user, tags=tags))
    tx.rules.note(tx, "key-deleted", {"user": user.name, "access_key_id": key.access_key_id})
    return None


def _named(tx: Transaction, params: Params) -> tuple[User, AccessKey]:
    user = meant_user(tx, params)
    key = tx.get(AccessKey, params["AccessKeyId"])
    if key is None or key.user != user.name:
        said = f"The Access Key with id {params['AccessKeyId']} cannot be found."
        raise ServiceError("NoSuchEntity", said, status=404)
    return user, key


def _shown(key: AccessKey) -> dict[str, Any]:
    return {
        "UserName": key.user,
        "AccessKeyId": key.access_key_id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": key.created,
    }
