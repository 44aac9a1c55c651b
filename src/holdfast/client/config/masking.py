"""Secrets among the arguments, and how they are shown."""

import json
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


def rendered(name: str, value: Any) -> str:
    """Return an argument's value as it would stand in a backend block, with secrets hidden."""
    shown = masked(name, value)
    return shown if shown != value and isinstance(shown, str) else _hcl(shown)


def _hcl(value: Any) -> str:
    if isinstance(value, dict):
        members = ", ".join(f"{name} = {_hcl(inner)}" for name, inner in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_hcl(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False, default=str)
