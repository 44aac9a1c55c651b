"""The life of a key: EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from datetime import timedelta

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key
from holdfast.server.kms.checks import check_range
from holdfast.server.kms.lookup import find_key, key_arn, require_not_pending
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.operation import Params, Result, Transaction, operation

_USUAL_WINDOW_DAYS = 30


@operation("EnableKey", writes=True)
def enable_key(tx: Transaction, params: Params) -> Result:
    """Let the key be used again."""
    key = require_not_pending(tx, _own(tx, params, "EnableKey"))
    tx.put(msgspec.structs.replace(key, state="Enabled"))
    return None


@operation("DisableKey", writes=True)
def disable_key(tx: Transaction, params: Params) -> Result:
    """Let the key not be used for now: what it encrypts is unreadable."""
    key = require_not_pending(tx, _own(tx, params, "DisableKey"))
    tx.put(msgspec.structs.replace(key, state="Disabled"))
    return None


@operation("ScheduleKeyDeletion", writes=True)
def schedule_key_deletion(tx: Transaction, params: Params) -> Result:
    """Stop all use of the key, and set the day on which it is gone for good."""
    key = require_not_pending(tx, _own(tx, params, "ScheduleKeyDeletion"))
    days = params.get("PendingWindowInDays", _USUAL_WINDOW_DAYS)
    check_range("pendingWindowInDays", days, 7, 30)
    date = tx.now + timedelta(days=days)
    tx.put(
        msgspec.structs.replace(
            key, state="PendingDeletion", deletion_date=date, pending_window_days=days
        )
    )
    return {
        "KeyId": key_arn(tx.site, key.key_id),
        "DeletionDate": date,
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }


@operation("CancelKeyDeletion", writes=True)
def cancel_key_deletion(tx: Transaction, params: Params) -> Result:
    """Keep the key after all. It stays disabled until it is enabled."""
    key = _own(tx, params, "CancelKeyDeletion")
    arn = key_arn(tx.site, key.key_id)
    if key.state != "PendingDeletion":
        raise ServiceError("KMSInvalidStateException", f"{arn} is not pending deletion.")
    tx.put(
        msgspec.structs.replace(key, state="Disabled", deletion_date=None, pending_window_days=0)
    )
    return {"KeyId": arn}


def _own(tx: Transaction, params: Params, action: str) -> Key:
    key = find_key(tx, params["KeyId"], aliases=False)
    return require_customer_managed(tx, key, action)
