"""AWS's checks of single values, with AWS's messages."""

import re
from collections.abc import Collection, Sized
from typing import TypeVar

from holdfast.aws.errors import ServiceError

T = TypeVar("T", bound=Sized)


def violation(member: str, value: object, constraint: str) -> ServiceError:
    """Return the error for one value that breaks one constraint.

    Args:
        member: AWS's name of the member, with a small first letter.
        value: what was sent; bytes are not repeated in the message.
        constraint: what "Member must ..." goes on to say.
    """
    shown = "" if isinstance(value, bytes) else f" '{value}'"
    return ServiceError(
        "ValidationException",
        f"1 validation error detected: Value{shown} at '{member}' failed to satisfy constraint: "
        f"Member must {constraint}",
    )


def check_range(member: str, value: int, least: int, most: int) -> int:
    """Return the number if it lies in the range, both ends included.

    Raises:
        ServiceError: ValidationException.
    """
    if value < least:
        raise violation(member, value, f"have value greater than or equal to {least}")
    if value > most:
        raise violation(member, value, f"have value less than or equal to {most}")
    return value


def check_length(member: str, value: T, least: int, most: int) -> T:
    """Return the text or bytes if its length lies in the range, both ends included.

    Raises:
        ServiceError: ValidationException.
    """
    if len(value) < least:
        raise violation(member, value, f"have length greater than or equal to {least}")
    if len(value) > most:
        raise violation(member, value, f"have length less than or equal to {most}")
    return value


def check_enum(member: str, value: str, allowed: Collection[str]) -> str:
    """Return the value if it is one of the allowed ones.

    Raises:
        ServiceError: ValidationException.
    """
    if value not in allowed:
        listed = ", ".join(allowed)
        raise violation(member, value, f"satisfy enum value set: [{listed}]")
    return value


def check_pattern(member: str, value: str, pattern: str) -> str:
    """Return the text if the whole of it matches.

    Raises:
        ServiceError: ValidationException.
    """
    if not re.fullmatch(pattern, value):
        raise violation(member, value, f"satisfy regular expression pattern: {pattern}")
    return value
