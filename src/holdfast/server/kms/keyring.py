"""KMS keys for our own S3 and DynamoDB: they seal data keys here, in their own transaction.

What is sealed here cannot be opened with the Decrypt operation, nor the other way round.
"""

from holdfast.engine.port import CorruptData
from holdfast.engine.records import Key
from holdfast.server.kms.ciphertext import Domain, InvalidBlob, open_blob, parse_blob, seal_blob
from holdfast.server.kms.lookup import find_key, key_arn, key_by_id, require_enabled
from holdfast.server.kms.managed import ensure_managed, managed_alias
from holdfast.server.operation import Snapshot, Transaction

__all__ = ["find_key", "key_arn", "key_for", "seal_under", "unseal_under"]


def key_for(tx: Snapshot, reference: str) -> Key:
    """Return the enabled key that a reference names.

    An AWS-managed key (`alias/aws/s3`, `alias/aws/dynamodb`) is made on first use, for which `tx`
    must be a `Transaction`.

    Args:
        tx: the transaction under way.
        reference: a key id, key ARN, alias name or alias ARN.

    Raises:
        ServiceError: NotFoundException, DisabledException, KMSInvalidStateException,
            InvalidArnException or AccessDeniedException.
    """
    alias = managed_alias(tx, reference)
    if alias and isinstance(tx, Transaction):
        return ensure_managed(tx, alias)
    return require_enabled(tx, find_key(tx, reference))


def seal_under(
    tx: Snapshot, key_reference: str, plaintext: bytes, bound_to: bytes
) -> tuple[str, bytes]:
    """Encrypt under a KMS key and return its ARN and the blob.

    Args:
        tx: the transaction under way; see `key_for`.
        key_reference: a key id, key ARN, alias name or alias ARN.
        plaintext: the secret.
        bound_to: what the secret belongs to; the same bytes open it again.

    Raises:
        ServiceError: see `key_for`.
    """
    key = key_for(tx, key_reference)
    blob = seal_blob(tx.site, key, Domain.SERVER, plaintext, bound_to)
    return key_arn(tx.site, key.key_id), blob


def unseal_under(tx: Snapshot, blob: bytes, bound_to: bytes) -> bytes:
    """Decrypt what `seal_under` made.

    Raises:
        ServiceError: the key is gone (NotFoundException), disabled (DisabledException) or about
            to be deleted (KMSInvalidStateException).
        CorruptData: the blob was changed, or belongs to something else.
    """
    try:
        parsed = parse_blob(blob)
    except InvalidBlob:
        raise CorruptData("a key sealed under a KMS key is damaged") from None
    if parsed.domain is not Domain.SERVER:
        raise CorruptData("a key sealed under a KMS key is none that the server made")
    key = require_enabled(tx, key_by_id(tx, parsed.key_id))
    try:
        return open_blob(tx.site, key, parsed, bound_to)
    except InvalidBlob:
        raise CorruptData("a key sealed under a KMS key does not open") from None
