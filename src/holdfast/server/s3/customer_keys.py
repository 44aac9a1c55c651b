"""Keys that customers bring with each request (SSE-C). They are used and forgotten."""

import base64
import binascii
import hashlib
import hmac

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Encryption
from holdfast.engine.vault import KEY_BYTES
from holdfast.server.operation import Params

CUSTOMER = "SSE-C"
_ALGORITHM = "x-amz-server-side-encryption-customer-algorithm"


class CustomerKey(msgspec.Struct, frozen=True):
    """A key out of a request's headers."""

    key: bytes
    md5: str  # base64

    def __repr__(self) -> str:
        """Return it without the key."""
        return f"CustomerKey(..., {self.md5!r})"


def customer_key_of(params: Params, prefix: str = "") -> CustomerKey | None:
    """Return the customer's key of a request, checked, or None if there is none.

    Args:
        params: with `SSECustomerAlgorithm`, `SSECustomerKey` (base64) and `SSECustomerKeyMD5`.
        prefix: `CopySource` for the key that opens the source of a copy.

    Raises:
        ServiceError: InvalidArgument or InvalidEncryptionAlgorithmError.
    """
    algorithm = params.get(f"{prefix}SSECustomerAlgorithm")
    encoded = params.get(f"{prefix}SSECustomerKey")
    md5 = params.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None and encoded is None and md5 is None:
        return None
    if algorithm is None:
        raise _invalid("a valid encryption algorithm.")
    if algorithm != "AES256":
        raise ServiceError(
            "InvalidEncryptionAlgorithmError",
            "The encryption request you specified is not valid. The valid value is AES256.",
            status=400,
            ArgumentName=_ALGORITHM,
            ArgumentValue=algorithm,
        )
    if encoded is None:
        raise _invalid("an appropriate secret key.")
    if md5 is None:
        raise _invalid("the client calculated MD5 of the secret key.")
    return _checked(encoded, md5)


def _invalid(what: str) -> ServiceError:
    return ServiceError(
        "InvalidArgument",
        "Requests specifying Server Side Encryption with Customer provided keys must provide "
        + what,
        ArgumentName="x-amz-server-side-encryption",
    )


def _checked(encoded: str, md5: str) -> CustomerKey:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ServiceError(
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
            ArgumentName="x-amz-server-side-encryption",
        )
    # S3 demands MD5 of the key as a check of transport, not of secrecy.
    actual = base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()
    if not hmac.compare_digest(actual.encode(), md5.encode()):
        raise ServiceError(
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            ArgumentName="x-amz-server-side-encryption",
        )
    return CustomerKey(key, actual)


def check_customer_key(encryption: Encryption, given: CustomerKey | None) -> None:
    """Check that a request brings the key of what it reads, and none if there is no such key.

    Raises:
        ServiceError: InvalidRequest (missing, or not applicable) or AccessDenied (another key).
    """
    if encryption.algorithm != CUSTOMER:
        if given is not None:
            raise ServiceError(
                "InvalidRequest",
                "The encryption parameters are not applicable to this object.",
            )
        return
    if given is None:
        raise ServiceError(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters "
            "must be provided to retrieve the object.",
        )
    if not hmac.compare_digest(given.md5.encode(), encryption.customer_key_md5.encode()):
        raise ServiceError("AccessDenied")
