"""Tags of objects: the tagging header, the TagSet document, and AWS's limits."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from holdfast.aws.errors import ServiceError

MAX_TAGS = 10  # User Guide: object-tagging
_MAX_KEY = 128
_MAX_VALUE = 256
_SIGNS = re.compile(r"[_.:/=+\-@]")


def tags_of_header(header: str | None) -> dict[str, str]:
    """Parse `x-amz-tagging`: `key=value` pairs, form-encoded.

    Raises:
        ServiceError: InvalidArgument, BadRequest or InvalidTag.
    """
    if not header:
        return {}
    try:
        pairs = parse_qsl(header, keep_blank_values=True, errors="strict")
    except ValueError:
        raise ServiceError(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
            "parameters without tag name duplicates.",
            ArgumentName="x-amz-tagging",
        ) from None
    return checked_tags(pairs)


def tags_of_set(tag_set: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Read a TagSet document.

    Raises:
        ServiceError: BadRequest or InvalidTag.
    """
    return checked_tags([(tag.get("Key", ""), tag.get("Value", "")) for tag in tag_set])


def tag_set_of(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as a TagSet document."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def checked_tags(
    pairs: list[tuple[str, str]], most: int = MAX_TAGS, what: str = "Object tags"
) -> dict[str, str]:
    """Return the pairs as a mapping if AWS would take them.

    Args:
        pairs: keys and values.
        most: how many there may be.
        what: whose tags they are, for the message.

    Raises:
        ServiceError: BadRequest or InvalidTag.
    """
    if len(pairs) > most:
        raise ServiceError("BadRequest", f"{what} cannot be greater than {most}", status=400)
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not 0 < len(key) <= _MAX_KEY or not _legal(key):
            raise ServiceError("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if key.lower().startswith("aws:"):
            raise ServiceError("InvalidTag", "Your TagKey cannot be prefixed with aws:", TagKey=key)
        if len(value) > _MAX_VALUE or not _legal(value):
            raise ServiceError(
                "InvalidTag", "The TagValue you have provided is invalid", TagValue=value
            )
        if key in tags:
            raise ServiceError(
                "InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=key
            )
        tags[key] = value
    return tags


def _legal(text: str) -> bool:
    # Letters, separators and numbers of any script, and a few signs.
    return all(unicodedata.category(char)[0] in "LZN" or _SIGNS.match(char) for char in text)
