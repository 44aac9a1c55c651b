"""Aliases: CreateAlias, UpdateAlias, DeleteAlias, ListAliases.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""

from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Alias, Key
from holdfast.server.kms.lookup import (
    alias_arn,
    alias_not_found,
    find_key,
    local_part,
    require_not_pending,
)
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.kms.paging import requested_page
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

_PREFIX = "alias/"
_RESERVED = "alias/aws/"


@operation("CreateAlias", writes=True)
def create_alias(tx: Transaction, params: Params) -> Result:
    """Give a key a name."""
    name = _checked_name(params["AliasName"])
    if tx.get(Alias, name):
        raise ServiceError(
            "AlreadyExistsException",
            f"An alias with the name {alias_arn(tx.site, name)} already exists",
        )
    key = _target(tx, params, "CreateAlias")
    tx.put(Alias(name=name, key_id=key.key_id, created=tx.now, updated=tx.now))
    return None


@operation("UpdateAlias", writes=True)
def update_alias(tx: Transaction, params: Params) -> Result:
    """Point a name to another key."""
    alias = _existing(tx, params)
    key = _target(tx, params, "UpdateAlias")
    tx.put(msgspec.structs.replace(alias, key_id=key.key_id, updated=tx.now))
    return None


@operation("DeleteAlias", writes=True)
def delete_alias(tx: Transaction, params: Params) -> Result:
    """Remove a name; the key stays."""
    tx.drop(Alias, _existing(tx, params).name)
    return None


@operation("ListAliases")
def list_aliases(tx: Snapshot, params: Params) -> Result:
    """List all aliases by name, or those of one key."""
    page = requested_page(params, usual=50, most=100)
    found = tx.scan(Alias, after=(page.after,))
    if "KeyId" in params:
        key_id = find_key(tx, params["KeyId"], aliases=False).key_id
        found = (alias for alias in found if alias.key_id == key_id)
    aliases, rest = page.cut(found, lambda alias: alias.name)
    return {"Aliases": [_entry(tx, alias) for alias in aliases], **rest}


def _entry(tx: Snapshot, alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": alias_arn(tx.site, alias.name),
        "TargetKeyId": alias.key_id,
        "CreationDate": alias.created,
        "LastUpdatedDate": alias.updated,
    }


def _checked_name(name: str) -> str:
    """Return a name that a client may give, change or remove."""
    if not name.startswith(_PREFIX) or name == _PREFIX:
        raise ServiceError("ValidationException", "Invalid identifier")
    if name.startswith(_RESERVED):
        raise ServiceError(
            "NotAuthorizedException", f"Alias names that begin with {_RESERVED} are reserved by AWS"
        )
    if ":" in name:
        raise ServiceError(
            "InvalidAliasNameException", f"{name} contains invalid characters for an alias"
        )
    return name


def _existing(tx: Transaction, params: Params) -> Alias:
    name = _checked_name(params["AliasName"])
    alias = tx.get(Alias, name)
    if alias is None:
        raise alias_not_found(tx, name)
    return alias


def _target(tx: Transaction, params: Params, action: str) -> Key:
    """Return the key that an alias shall name."""
    if local_part(tx, params["TargetKeyId"]).startswith(_PREFIX):
        raise ServiceError("ValidationException", "Aliases must refer to keys. Not aliases")
    key = find_key(tx, params["TargetKeyId"], aliases=False)
    require_customer_managed(tx, key, action)
    return require_not_pending(tx, key)
