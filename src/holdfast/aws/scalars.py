"""Single values to and from text, as they are in XML, headers, query strings and forms."""

import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

from holdfast.aws.timestamps import from_any, iso_milliseconds


def convert(kind: str, word: str) -> Any:
    """Read a value.

    Args:
        kind: a shape's type, such as integer or timestamp.
        word: the text.

    Raises:
        ValueError: it is not of this type.
    """
    return _CONVERSIONS.get(kind, str)(word)


def text(value: Any) -> str:
    """Return a scalar as AWS writes it in XML and in headers."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    if isinstance(value, datetime):
        return iso_milliseconds(value)
    return str(value)


def _boolean(word: str) -> bool:
    word = word.strip().lower()
    if word not in ("true", "false"):
        raise ValueError(f"neither true nor false: {word!r}")
    return word == "true"


def _integer(word: str) -> int:
    if len(word) > 40 or not word.strip().lstrip("+-").isdecimal():
        raise ValueError(f"not a whole number: {word[:40]!r}")
    number = int(word)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"out of range: {number}")
    return number


def _blob(word: str) -> bytes:
    return binascii.a2b_base64(word.encode("ascii"), strict_mode=True)


_CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": float,
    "double": float,
    "blob": _blob,
    "timestamp": from_any,
}
