"""Object keys: what AWS accepts, and text that follows everything with a prefix."""

from holdfast.aws.errors import ServiceError

MAX_KEY_BYTES = 1024
_LAST_BEFORE_SURROGATES = "\ud7ff"
_FIRST_AFTER_SURROGATES = "\ue000"
_LAST = "\U0010ffff"


def check_key(key: str) -> None:
    """Check the length of an object key.

    Raises:
        ServiceError: KeyTooLongError.
    """
    size = len(key.encode())
    if size > MAX_KEY_BYTES:
        raise ServiceError("KeyTooLongError", Size=size, MaxSizeAllowed=MAX_KEY_BYTES)


def successor(prefix: str) -> str | None:
    """Return the least text after everything that begins with the prefix, in UTF-8 byte order.

    None if there is none: the prefix is empty or all of it is U+10FFFF.
    """
    rest = prefix.rstrip(_LAST)
    if not rest:
        return None
    last = rest[-1]
    after = _FIRST_AFTER_SURROGATES if last == _LAST_BEFORE_SURROGATES else chr(ord(last) + 1)
    return rest[:-1] + after
