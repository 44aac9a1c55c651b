"""Rotation: a key encrypts with new material, and still opens what the old encrypted.

The operations are EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand
and ListKeyRotations.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key
from holdfast.server.kms.lookup import find_key, key_arn, require_enabled
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.kms.material import add_material, material_id
from holdfast.server.kms.paging import requested_page
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

_USUAL_DAYS = 365
_MOST_ON_DEMAND = 25  # on-demand rotations of one key, ever


@operation("EnableKeyRotation", writes=True)
def enable_key_rotation(tx: Transaction, params: Params) -> Result:
    """Rotate the key by itself from now on; a new period begins today."""
    key = _changeable(tx, params, "EnableKeyRotation")
    days = params.get("RotationPeriodInDays", _USUAL_DAYS)
    if days != key.rotation_period_days:
        tx.put(msgspec.structs.replace(key, rotation_period_days=days, rotation_since=tx.now))
    return None


@operation("DisableKeyRotation", writes=True)
def disable_key_rotation(tx: Transaction, params: Params) -> Result:
    """Rotate the key no more by itself."""
    key = _changeable(tx, params, "DisableKeyRotation")
    tx.put(msgspec.structs.replace(key, rotation_period_days=0, rotation_since=None))
    return None


@operation("GetKeyRotationStatus")
def get_key_rotation_status(tx: Snapshot, params: Params) -> Result:
    """Tell whether and when the key rotates. One that waits for its deletion does not."""
    key = find_key(tx, params["KeyId"], aliases=False)
    status: dict[str, Any] = {
        "KeyId": key_arn(tx.site, key.key_id),
        "KeyRotationEnabled": False,
    }
    due = next_rotation(key)
    if due is None or key.state == "PendingDeletion":
        return status
    status["KeyRotationEnabled"] = True
    status["RotationPeriodInDays"] = key.rotation_period_days
    status["NextRotationDate"] = due
    return status


@operation("RotateKeyOnDemand", writes=True)
def rotate_key_on_demand(tx: Transaction, params: Params) -> Result:
    """Give the key new material now. The automatic rotation keeps its dates."""
    key = _changeable(tx, params, "RotateKeyOnDemand")
    if sum(material.on_demand for material in key.materials) >= _MOST_ON_DEMAND:
        raise ServiceError(
            "LimitExceededException",
            f"The on-demand rotations limit of {_MOST_ON_DEMAND} has been reached for the key "
            f"{key_arn(tx.site, key.key_id)}.",
        )
    tx.put(add_material(tx.site, key, tx.now, on_demand=True))
    return {"KeyId": key_arn(tx.site, key.key_id)}


@operation("ListKeyRotations")
def list_key_rotations(tx: Snapshot, params: Params) -> Result:
    """List the rotations of a key, oldest first; on demand also the first material."""
    key = find_key(tx, params["KeyId"], aliases=False)
    page = requested_page(params, usual=100, most=1000)
    first = 0 if params.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL" else 1
    left = [
        generation
        for generation in range(first, len(key.materials))
        if _place(generation) > page.after
    ]
    generations, rest = page.cut(left, _place)
    return {"Rotations": [_entry(tx, key, generation) for generation in generations], **rest}


def next_rotation(key: Key) -> datetime | None:
    """Return when the key is to rotate by itself; None if never."""
    if not key.rotation_period_days or key.rotation_since is None:
        return None
    return key.rotation_since + timedelta(days=key.rotation_period_days)


def _place(generation: int) -> str:
    return f"{generation:06d}"  # ordered as text


def _entry(tx: Snapshot, key: Key, generation: int) -> dict[str, Any]:
    material = key.materials[generation]
    newest = generation == len(key.materials) - 1
    entry: dict[str, Any] = {
        "KeyId": key_arn(tx.site, key.key_id),
        "KeyMaterialId": material_id(key, generation),
        "KeyMaterialState": "CURRENT" if newest else "NON_CURRENT",
    }
    if generation > 0:
        entry["RotationDate"] = material.created
        entry["RotationType"] = "ON_DEMAND" if material.on_demand else "AUTOMATIC"
    return entry


def _changeable(tx: Transaction, params: Params, action: str) -> Key:
    key = find_key(tx, params["KeyId"], aliases=False)
    require_customer_managed(tx, key, action)
    return require_enabled(tx, key)
