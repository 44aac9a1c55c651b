"""What the cryptographic operations share: which key, bound to which context, for real or dry.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
"""

from collections.abc import Mapping

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key
from holdfast.engine.vault import binding
from holdfast.server.kms.ciphertext import Blob, Domain, InvalidBlob, open_blob, parse_blob
from holdfast.server.kms.lookup import find_key, require_enabled
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.operation import Params, Snapshot

SYMMETRIC = "SYMMETRIC_DEFAULT"  # the name of both the key spec and the algorithm
_LONGEST_CONTEXT = 8192  # bytes of all names and values


def usable_key(tx: Snapshot, reference: str, action: str) -> Key:
    """Return the key of a request, if a client may use it now.

    Raises:
        ServiceError: NotFoundException, DisabledException, KMSInvalidStateException, ... or
            AccessDeniedException for an AWS-managed key, which only its service may use.
    """
    key = find_key(tx, reference)
    return require_enabled(tx, require_customer_managed(tx, key, action))


def bound_context(context: Mapping[str, str] | None) -> bytes:
    """Return the associated data of an encryption context: the same for the same pairs only.

    Raises:
        ServiceError: ValidationException if it is too long.
    """
    pairs = sorted((context or {}).items())
    if sum(len(name.encode()) + len(value.encode()) for name, value in pairs) > _LONGEST_CONTEXT:
        raise ServiceError(
            "ValidationException", f"Encryption context is longer than {_LONGEST_CONTEXT} bytes."
        )
    return binding(*(part for pair in pairs for part in pair))


def check_algorithm(params: Params, member: str = "EncryptionAlgorithm") -> None:
    """Refuse every algorithm but the symmetric one.

    Raises:
        ServiceError: InvalidKeyUsageException.
    """
    algorithm = params.get(member, SYMMETRIC)
    if algorithm != SYMMETRIC:
        raise ServiceError(
            "InvalidKeyUsageException",
            f"Algorithm {algorithm} is incompatible with key spec {SYMMETRIC}.",
        )


def check_recipient(params: Params) -> None:
    """Refuse answers encrypted for an enclave.

    Raises:
        ServiceError: UnsupportedOperationException.
    """
    if "Recipient" in params:
        raise ServiceError("UnsupportedOperationException", "Recipient is not supported.")


def end_dry_run(params: Params) -> None:
    """End a request that only asks whether it would succeed.

    Raises:
        ServiceError: DryRunOperationException.
    """
    if params.get("DryRun", False):
        raise ServiceError(
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.",
        )


def decrypted(
    tx: Snapshot, params: Params, *, key_member: str, context_member: str, action: str
) -> tuple[Key, Blob, bytes]:
    """Return the key, the blob and the plaintext of a request's `CiphertextBlob`.

    Args:
        tx: the transaction under way.
        params: the request's.
        key_member: which of them may name the key that the blob must be under.
        context_member: which of them is the encryption context.
        action: AWS's name of the operation.

    Raises:
        ServiceError: InvalidCiphertextException, IncorrectKeyException, AccessDeniedException if
            the key is gone, and those of `usable_key`.
    """
    blob = _client_blob(params)
    if key_member in params:
        key = usable_key(tx, params[key_member], action)
        if key.key_id != blob.key_id:
            raise ServiceError(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this "
                "operation.",
            )
    elif tx.get(Key, blob.key_id) is None:
        raise ServiceError(
            "AccessDeniedException",
            "The ciphertext refers to a customer master key that does not exist, does not exist "
            "in this region, or you are not allowed to access.",
        )
    else:
        key = usable_key(tx, blob.key_id, action)
    try:
        plaintext = open_blob(tx.site, key, blob, bound_context(params.get(context_member)))
    except InvalidBlob:
        raise ServiceError("InvalidCiphertextException") from None
    return key, blob, plaintext


def _client_blob(params: Params) -> Blob:
    raw = params.get("CiphertextBlob")
    if raw is None:
        raise ServiceError("ValidationException", "CiphertextBlob must not be null")
    try:
        blob = parse_blob(raw)
    except InvalidBlob:
        raise ServiceError("InvalidCiphertextException") from None
    if blob.domain is not Domain.CLIENT:
        raise ServiceError("InvalidCiphertextException")
    return blob
