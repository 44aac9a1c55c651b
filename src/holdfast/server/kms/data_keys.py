"""GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom: secrets for use elsewhere."""

from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.kms.ciphertext import Domain, seal_blob
from holdfast.server.kms.lookup import key_arn
from holdfast.server.kms.material import material_id
from holdfast.server.kms.usage import bound_context, check_recipient, end_dry_run, usable_key
from holdfast.server.operation import Params, Result, Snapshot, operation

_SPEC_BYTES = {"AES_256": 32, "AES_128": 16}


@operation("GenerateDataKey")
def generate_data_key(tx: Snapshot, params: Params) -> Result:
    """Return a new data key, plain and encrypted."""
    check_recipient(params)
    plaintext, sealed = _new_data_key(tx, params, "GenerateDataKey")
    return {"Plaintext": plaintext, **sealed}


@operation("GenerateDataKeyWithoutPlaintext")
def generate_data_key_without_plaintext(tx: Snapshot, params: Params) -> Result:
    """Return a new data key, encrypted only."""
    return _new_data_key(tx, params, "GenerateDataKeyWithoutPlaintext")[1]


@operation("GenerateRandom")
def generate_random(tx: Snapshot, params: Params) -> Result:
    """Return random bytes."""
    check_recipient(params)
    if "CustomKeyStoreId" in params:
        raise ServiceError("UnsupportedOperationException", "CustomKeyStoreId is not supported.")
    if "NumberOfBytes" not in params:
        raise ServiceError("ValidationException", "NumberOfBytes is required.")
    return {"Plaintext": tx.site.random(params["NumberOfBytes"])}


def _new_data_key(tx: Snapshot, params: Params, action: str) -> tuple[bytes, dict[str, Any]]:
    """Return a data key and the part of the answer that is no secret."""
    length = _wanted_length(params)
    bound_to = bound_context(params.get("EncryptionContext"))
    key = usable_key(tx, params["KeyId"], action)
    end_dry_run(params)
    plaintext = tx.site.random(length)
    return plaintext, {
        "CiphertextBlob": seal_blob(tx.site, key, Domain.CLIENT, plaintext, bound_to),
        "KeyId": key_arn(tx.site, key.key_id),
        "KeyMaterialId": material_id(key, len(key.materials) - 1),
    }


def _wanted_length(params: Params) -> int:
    """Return the length of the data key in bytes."""
    if ("KeySpec" in params) == ("NumberOfBytes" in params):
        raise ServiceError(
            "ValidationException", "Please specify either number of bytes or key spec."
        )
    if "KeySpec" in params:
        return _SPEC_BYTES[params["KeySpec"]]
    number: int = params["NumberOfBytes"]
    return number
