"""Outputs that look like secrets although nobody marked them: by their name, or by what they hold."""

import re
from collections.abc import Iterator
from typing import Any

from holdfast.terraform.secrets import format_of, is_secret_name
from holdfast.terraform.statefile import StateFile

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")


def telling_outputs(state: StateFile) -> Iterator[str]:
    """Yield each output that looks like a secret, and why; never its value."""
    for name, output in sorted(state.outputs.items()):
        why = "" if output.sensitive else _why(name, output.value)
        if why:
            yield f"{name} ({why})"


def _why(name: str, value: Any) -> str:
    if isinstance(value, dict):
        parts = [_why(str(key), part) for key, part in value.items()]
        return next(filter(None, parts), "")
    if isinstance(value, list):
        return next(filter(None, [_why(name, part) for part in value]), "")
    if not isinstance(value, str) or not value:
        return ""
    kind = format_of(value)
    if kind:
        return f"holds {kind}"
    return f"named {name}" if is_secret_name(_WORDS.sub("_", name).lower()) else ""
