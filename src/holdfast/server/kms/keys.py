"""Keys: CreateKey, DescribeKey, ListKeys, UpdateKeyDescription."""

from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key
from holdfast.server.kms.lookup import find_key, key_arn, require_not_pending
from holdfast.server.kms.managed import ensure_managed, managed_alias, require_customer_managed
from holdfast.server.kms.material import add_material, material_id, new_key_id
from holdfast.server.kms.paging import requested_page
from holdfast.server.kms.policies import checked_policy
from holdfast.server.kms.tags import checked_tags
from holdfast.server.kms.usage import SYMMETRIC
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("CreateKey", writes=True)
def create_key(tx: Transaction, params: Params) -> Result:
    """Make a symmetric key with material of our own."""
    _check_kind(params)
    policy = ""
    if "Policy" in params:
        bypass = params.get("BypassPolicyLockoutSafetyCheck", False)
        policy = checked_policy(tx, params["Policy"], bypass=bypass)
    key = Key(
        key_id=new_key_id(tx.site),
        created=tx.now,
        description=params.get("Description", ""),
        policy=policy,
        tags=checked_tags(params.get("Tags", ())),
    )
    key = add_material(tx.site, key, tx.now)
    tx.put(key)
    return {"KeyMetadata": metadata(tx, key)}


# It may write: AWS makes a managed key when its alias is first described.
@operation("DescribeKey", writes=True)
def describe_key(tx: Transaction, params: Params) -> Result:
    """Return everything about a key but its policy, tags and rotation."""
    alias = managed_alias(tx, params["KeyId"])
    key = ensure_managed(tx, alias) if alias else find_key(tx, params["KeyId"])
    return {"KeyMetadata": metadata(tx, key)}


@operation("ListKeys")
def list_keys(tx: Snapshot, params: Params) -> Result:
    """List all keys, in order of their ids."""
    page = requested_page(params, usual=100, most=1000)
    found = tx.scan(Key, after=(page.after,), limit=page.limit + 1)
    keys, rest = page.cut(found, lambda key: key.key_id)
    listed = [{"KeyId": key.key_id, "KeyArn": key_arn(tx.site, key.key_id)} for key in keys]
    return {"Keys": listed, **rest}


@operation("UpdateKeyDescription", writes=True)
def update_key_description(tx: Transaction, params: Params) -> Result:
    """Replace the description."""
    key = find_key(tx, params["KeyId"], aliases=False)
    require_customer_managed(tx, key, "UpdateKeyDescription")
    require_not_pending(tx, key)
    tx.put(msgspec.structs.replace(key, description=params["Description"]))
    return None


def metadata(tx: Snapshot, key: Key) -> dict[str, Any]:
    """Return AWS's `KeyMetadata` of a key."""
    found = {
        "AWSAccountId": tx.site.account,
        "KeyId": key.key_id,
        "Arn": key_arn(tx.site, key.key_id),
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.key_usage,
        "KeyState": key.state,
        "Origin": "AWS_KMS",
        "KeyManager": key.key_manager,
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "EncryptionAlgorithms": [SYMMETRIC],
        "MultiRegion": False,
        "CurrentKeyMaterialId": material_id(key, len(key.materials) - 1),
    }
    if key.deletion_date:
        found["DeletionDate"] = key.deletion_date
    return found


def _check_kind(params: Params) -> None:
    """Refuse every kind of key but symmetric ones of a single region whose material we make."""
    if "KeySpec" in params and "CustomerMasterKeySpec" in params:
        raise ServiceError(
            "ValidationException",
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated.",
        )
    spec_member = "CustomerMasterKeySpec" if "CustomerMasterKeySpec" in params else "KeySpec"
    _only(params, spec_member, SYMMETRIC)
    _only(params, "KeyUsage", "ENCRYPT_DECRYPT")
    _only(params, "Origin", "AWS_KMS")
    if "CustomKeyStoreId" in params or "XksKeyId" in params:
        raise _unsupported("Keys in custom key stores are not supported.")
    if params.get("MultiRegion", False):
        raise _unsupported("Multi-Region keys are not supported.")


def _only(params: Params, member: str, served: str) -> None:
    value = params.get(member, served)
    if value != served:
        raise _unsupported(f"{member} {value} is not supported, only {served} is.")


def _unsupported(message: str) -> ServiceError:
    return ServiceError("UnsupportedOperationException", message)
