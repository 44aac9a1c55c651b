"""A table's data key: made, sealed under the root key or a KMS key, and opened again.

Opened keys are remembered. A KMS key's state is looked at every time, so that disabling it closes the
table at once.
"""

from functools import lru_cache
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key, Table
from holdfast.engine.vault import KEY_BYTES, Vault, binding
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.kms.keyring import seal_under, unseal_under
from holdfast.server.operation import Snapshot, Transaction

MANAGED_ALIAS = "alias/aws/dynamodb"
# In `Table.settings`: the ARN of the KMS key that a table is encrypted under.
KEY_ARN = "KMSMasterKeyArn"

_KMS_ERRORS = (
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidArnException",
    "AccessDeniedException",
)


def _bound_to(table_id: bytes) -> tuple[str, bytes]:
    return "table", table_id


def new_data_key(tx: Transaction) -> bytes:
    """Return a fresh data key."""
    return tx.site.random(KEY_BYTES)


def seal_data_key(
    tx: Transaction, table_id: bytes, plain: bytes, key_reference: str
) -> tuple[bytes, dict[str, Any]]:
    """Return a sealed data key, and what to remember of it in the table's settings.

    Args:
        tx: the transaction under way.
        table_id: the table the key belongs to.
        plain: the data key.
        key_reference: a KMS key id, ARN or alias; "" for the root key.

    Raises:
        ServiceError: ValidationException: the KMS key cannot be used.
    """
    bound_to = _bound_to(table_id)
    if not key_reference:
        return tx.site.vault.seal(plain, *bound_to), {}
    try:
        arn, blob = seal_under(tx, key_reference, plain, binding(*bound_to))
    except ServiceError as error:
        raise invalid(f"KMS key {key_reference} cannot be used: {error.message}") from None
    return blob, {KEY_ARN: arn}


def open_data_key(tx: Snapshot, table: Table) -> bytes:
    """Return a table's data key.

    Raises:
        ServiceError: AccessDeniedException: its KMS key is disabled, deleted or about to be.
    """
    arn = table.settings.get(KEY_ARN)
    if not arn:
        return _opened_by_root(tx.site.vault, table.table_id, table.data_key)
    record = tx.get(Key, arn.rpartition("/")[2])
    if record is not None and record.state == "Enabled":
        known = _opened_by_kms.get((tx.site.vault, table.data_key))
        if known is not None:
            return known
    return _open_with_kms(tx, table)


def _open_with_kms(tx: Snapshot, table: Table) -> bytes:
    try:
        plain = unseal_under(tx, table.data_key, binding(*_bound_to(table.table_id)))
    except ServiceError as error:
        if error.code not in _KMS_ERRORS:
            raise
        raise ServiceError(
            "AccessDeniedException", f"KMS key access denied error: {error.message}"
        ) from None
    if len(_opened_by_kms) >= _REMEMBERED:
        _opened_by_kms.clear()
    _opened_by_kms[tx.site.vault, table.data_key] = plain
    return plain


_REMEMBERED = 256
_opened_by_kms: dict[tuple[Vault, bytes], bytes] = {}


@lru_cache(maxsize=_REMEMBERED)
def _opened_by_root(vault: Vault, table_id: bytes, sealed: bytes) -> bytes:
    return vault.unseal(sealed, *_bound_to(table_id))
