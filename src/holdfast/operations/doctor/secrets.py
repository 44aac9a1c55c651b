"""Outputs that look like secrets although nobody marked them: by their name, or by what they hold."""

import re
from collections.abc import Iterator
from typing import Any

from holdfast.terraform.secrets import format_of
from holdfast.terraform.statefile import StateFile

_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|private_key|privatekey|api_key|apikey"
    r"|secret_key|credentials?|connection_string|kubeconfig)s?(?:$|_)",
    re.ASCII,
)
# What such names also end in, when they say where or how and not what.
_NAMES_SOMETHING_ELSE = re.compile(
    r"_(?:arns?|ids?|names?|urls?|uris?|paths?|versions?|length|enabled|endpoint|policy|type|ttl"
    r"|region|keys_url|rotation|expiry|expires|expiration)$",
    re.ASCII,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def telling_outputs(state: StateFile) -> Iterator[str]:
    """Yield each output that looks like a secret, and why; never its value."""
    for name, output in sorted(state.outputs.items()):
        if output.sensitive:
            continue
        why = _why(name, output.value)
        if why:
            yield f"{name} ({why})"


def _why(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = (_why(str(key), part) for key, part in value.items())
        return next((why for why in inner if why), "")
    if isinstance(value, list):
        return next((why for why in (_why(name, part) for part in value) if why), "")
    if not isinstance(value, str) or not value:
        return ""
    what = format_of(value)
    if what:
        return f"holds {what}"
    words = _CAMEL.sub("_", name).replace("-", "_").lower()
    if _NAME.search(words) and not _NAMES_SOMETHING_ELSE.search(words):
        return f"named {name}"
    return ""
