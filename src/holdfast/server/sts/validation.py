"""AWS's answer to a parameter outside its constraints, as the query services word it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.aws.errors import ServiceError


def violations(name: str, value: str, pattern: str, shortest: int, longest: int) -> Iterator[str]:
    """Yield what is wrong with a text.

    Args:
        name: of the parameter, in lower camel case as AWS shows it.
        value: the text.
        pattern: what it must match as a whole.
        shortest: least length in characters.
        longest: greatest length in characters.
    """
    at = f"Value '{value}' at '{name}' failed to satisfy constraint: Member must "
    if len(value) < shortest:
        yield f"{at}have length greater than or equal to {shortest}"
    if len(value) > longest:
        yield f"{at}have length less than or equal to {longest}"
    if not re.fullmatch(pattern, value, re.ASCII):
        yield f"{at}satisfy regular expression pattern: {pattern}"


def between(name: str, value: int, least: int, most: int) -> Iterator[str]:
    """Yield what is wrong with a number.

    Args:
        name: of the parameter, in lower camel case as AWS shows it.
        value: the number.
        least: the smallest that is allowed.
        most: the largest.
    """
    at = f"Value '{value}' at '{name}' failed to satisfy constraint: Member must "
    if value < least:
        yield f"{at}have value greater than or equal to {least}"
    if value > most:
        yield f"{at}have value less than or equal to {most}"


def refuse_one_time_password(params: Mapping[str, Any]) -> None:
    """Refuse a one-time password: there are no devices for them, so none is right.

    Raises:
        ServiceError: AccessDenied, if there is one.
    """
    if "SerialNumber" in params or "TokenCode" in params:
        raise ServiceError(
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            status=403,
        )


def invalid(found: list[str]) -> ServiceError:
    """Return the error that lists all violations."""
    errors = "error" if len(found) == 1 else "errors"
    said = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
    return ServiceError("ValidationError", said, status=400)
