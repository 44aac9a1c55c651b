"""Secrets among the arguments, and how they are shown."""

from typing import Any

from holdfast.client.config.schema import SECRET

HIDDEN = "(hidden)"


def masked(name: str, value: Any) -> Any:
    """Return an argument's value with secrets hidden, also those inside an object.

    An access key id says whose it is, and is no secret alone: its end is shown.
    """
    if name == "access_key" and isinstance(value, str) and len(value) > 8:
        return f"{HIDDEN[:-1]}, ends in {value[-4:]})"
    if name in SECRET:
        return HIDDEN
    if isinstance(value, dict):
        return {member: masked(member, inner) for member, inner in value.items()}
    return value
