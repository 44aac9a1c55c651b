"""GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext: RSA and elliptic-curve pairs.

The pair is made before the transaction, because an RSA key takes up to seconds of work.
"""

from collections.abc import Callable
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.kms.ciphertext import Domain, seal_blob
from holdfast.server.kms.lookup import key_arn
from holdfast.server.kms.material import material_id
from holdfast.server.kms.usage import bound_context, check_recipient, end_dry_run, usable_key
from holdfast.server.operation import Params, Prepare, Result, Snapshot, Staging, operation

_RSA_BITS = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
_PAIR = "holdfast:pair"  # what the prepare step adds to the params; no name of AWS's


def _prepared(action: str) -> Prepare:
    """Return the step that checks the request and makes the pair."""

    def prepare(staging: Staging, params: Params) -> Params:
        def check(tx: Snapshot) -> None:
            check_recipient(params)
            bound_context(params.get("EncryptionContext"))
            usable_key(tx, params["KeyId"], action)
            end_dry_run(params)

        staging.view(check)
        return {**params, _PAIR: _new_pair(params["KeyPairSpec"])}

    return prepare


@operation("GenerateDataKeyPair", prepare=_prepared("GenerateDataKeyPair"))
def generate_data_key_pair(tx: Snapshot, params: Params) -> Result:
    """Return a new pair: the public key, and the private key plain and encrypted."""
    private, _ = params[_PAIR]
    return {"PrivateKeyPlaintext": private, **_sealed_pair(tx, params, "GenerateDataKeyPair")}


@operation(
    "GenerateDataKeyPairWithoutPlaintext",
    prepare=_prepared("GenerateDataKeyPairWithoutPlaintext"),
)
def generate_data_key_pair_without_plaintext(tx: Snapshot, params: Params) -> Result:
    """Return a new pair: the public key, and the private key encrypted only."""
    return _sealed_pair(tx, params, "GenerateDataKeyPairWithoutPlaintext")


def _sealed_pair(tx: Snapshot, params: Params, action: str) -> dict[str, Any]:
    private, public = params[_PAIR]
    key = usable_key(tx, params["KeyId"], action)
    bound_to = bound_context(params.get("EncryptionContext"))
    return {
        "PrivateKeyCiphertextBlob": seal_blob(tx.site, key, Domain.CLIENT, private, bound_to),
        "PublicKey": public,
        "KeyId": key_arn(tx.site, key.key_id),
        "KeyPairSpec": params["KeyPairSpec"],
        "KeyMaterialId": material_id(key, len(key.materials) - 1),
    }


def _new_pair(spec: str) -> tuple[bytes, bytes]:
    """Return a private key as DER PKCS #8 and its public key as DER SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives import serialization as form

    key = _maker(spec)()
    private = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(
        form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def _maker(spec: str) -> Callable[[], Any]:
    """Return what makes a private key of a spec."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if spec in _RSA_BITS:
        return lambda: rsa.generate_private_key(65537, _RSA_BITS[spec])
    curves: dict[str, ec.EllipticCurve] = {
        "ECC_NIST_P256": ec.SECP256R1(),
        "ECC_NIST_P384": ec.SECP384R1(),
        "ECC_NIST_P521": ec.SECP521R1(),
        "ECC_SECG_P256K1": ec.SECP256K1(),
    }
    if spec in curves:
        return lambda: ec.generate_private_key(curves[spec])
    raise ServiceError("UnsupportedOperationException", f"KeyPairSpec {spec} is not supported.")
