"""Version ids: 32 characters that say where in the chain a version is, and cannot be guessed."""

import base64
import binascii
from collections.abc import Callable

from holdfast.aws.errors import ServiceError

NULL = "null"
_ORDER_BYTES = 8
_RANDOM_BYTES = 16
_CHARACTERS = 32


def new_version_id(order: int, random: Callable[[int], bytes]) -> str:
    """Return an id for the version with this order (never positive)."""
    raw = (-order).to_bytes(_ORDER_BYTES, "big") + random(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(raw).decode()


def order_of(version_id: str) -> int:
    """Return the order of the version that has this id, if there is one.

    Raises:
        ServiceError: InvalidArgument, when no version can have it.
    """
    if len(version_id) == _CHARACTERS and not {"+", "/"} & set(version_id):
        try:
            raw = base64.b64decode(version_id.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) == _ORDER_BYTES + _RANDOM_BYTES and raw[0] < 0x80:
            return -int.from_bytes(raw[:_ORDER_BYTES], "big")
    raise invalid_version_id("versionId", version_id)


def invalid_version_id(name: str, value: str) -> ServiceError:
    """Return AWS's error for an id that no version can have."""
    return ServiceError(
        "InvalidArgument",
        "Invalid version id specified",
        ArgumentName=name,
        ArgumentValue=value,
    )
