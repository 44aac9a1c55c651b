"""HTTP Basic authentication with an access key: its id is the user, its secret the password."""

import base64
import binascii
import hmac
from collections.abc import Callable

from holdfast.server.access.credentials import Identity

# What an unknown id is compared with, so that it takes as long as a wrong secret.
_NOBODY = "0" * 40


def given(header: str) -> tuple[str, str] | None:
    """Return the user and the password of an Authorization header; None if it is no such. RFC 7617.

    Args:
        header: the header's value.
    """
    scheme, _, rest = header.partition(" ")
    encoded = rest.strip()
    if scheme.lower() != "basic" or not encoded:
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, _, password = text.partition(":")
    return user, password


def basic(header: str, lookup: Callable[[str], Identity | None]) -> Identity | None:
    """Return who an Authorization header proves to be, or None.

    Args:
        header: the header's value.
        lookup: finds the holder of a long-lived access key by its id.
    """
    told = given(header)
    if told is None:
        return None
    access_key_id, secret = told
    identity = lookup(access_key_id)
    known = identity.secret if identity else _NOBODY
    same = hmac.compare_digest(known.encode(), secret.encode())
    return identity if same else None
