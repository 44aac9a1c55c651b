"""Encrypt, Decrypt, ReEncrypt: small plaintexts directly under a KMS key."""

from holdfast.server.kms.ciphertext import Domain, seal_blob
from holdfast.server.kms.lookup import key_arn
from holdfast.server.kms.material import material_id
from holdfast.server.kms.usage import (
    SYMMETRIC,
    bound_context,
    check_algorithm,
    check_recipient,
    decrypted,
    end_dry_run,
    usable_key,
)
from holdfast.server.operation import Params, Result, Snapshot, operation


@operation("Encrypt")
def encrypt(tx: Snapshot, params: Params) -> Result:
    """Encrypt under the key's newest material."""
    bound_to = bound_context(params.get("EncryptionContext"))
    key = usable_key(tx, params["KeyId"], "Encrypt")
    check_algorithm(params)
    end_dry_run(params)
    return {
        "CiphertextBlob": seal_blob(tx.site, key, Domain.CLIENT, params["Plaintext"], bound_to),
        "KeyId": key_arn(tx.site, key.key_id),
        "EncryptionAlgorithm": SYMMETRIC,
    }


@operation("Decrypt")
def decrypt(tx: Snapshot, params: Params) -> Result:
    """Decrypt what a client encrypted; the blob names its key."""
    check_recipient(params)
    check_algorithm(params)
    key, blob, plaintext = decrypted(
        tx,
        params,
        key_member="KeyId",
        context_member="EncryptionContext",
        action="Decrypt",
    )
    end_dry_run(params)
    return {
        "Plaintext": plaintext,
        "KeyId": key_arn(tx.site, key.key_id),
        "EncryptionAlgorithm": SYMMETRIC,
        "KeyMaterialId": material_id(key, blob.generation),
    }


@operation("ReEncrypt")
def re_encrypt(tx: Snapshot, params: Params) -> Result:
    """Decrypt, and encrypt again under another key or context; the plaintext stays here."""
    check_algorithm(params, "SourceEncryptionAlgorithm")
    check_algorithm(params, "DestinationEncryptionAlgorithm")
    source, blob, plaintext = decrypted(
        tx,
        params,
        key_member="SourceKeyId",
        context_member="SourceEncryptionContext",
        action="ReEncryptFrom",
    )
    bound_to = bound_context(params.get("DestinationEncryptionContext"))
    key = usable_key(tx, params["DestinationKeyId"], "ReEncryptTo")
    end_dry_run(params)
    return {
        "CiphertextBlob": seal_blob(tx.site, key, Domain.CLIENT, plaintext, bound_to),
        "SourceKeyId": key_arn(tx.site, source.key_id),
        "KeyId": key_arn(tx.site, key.key_id),
        "SourceEncryptionAlgorithm": SYMMETRIC,
        "DestinationEncryptionAlgorithm": SYMMETRIC,
        "SourceKeyMaterialId": material_id(source, blob.generation),
        "DestinationKeyMaterialId": material_id(key, len(key.materials) - 1),
    }
