"""How strictly rules are held, as the settings say it: text, or a table of the TOML file."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

_EVERYWHERE = ""


def modes(text: str) -> Mapping[str, Mapping[str, str]]:
    """Read `RULE=MODE` and `BUCKET/PREFIX:RULE=MODE` with spaces between them.

    In a prefix, spaces and what else has a meaning here are percent-encoded.

    Returns:
        The modes that are said, by BUCKET/PREFIX; those for all states under "".

    Raises:
        ValueError: it is not that, or there is no such rule or mode.
    """
    if not text.strip():
        return {}
    from holdfast.server.rule_modes import checked  # others than a server do without it

    given: dict[str, dict[str, str]] = {}
    for word in text.split():
        name, equals, mode = word.rpartition("=")
        prefix, _, rule = name.rpartition(":")
        if not equals or (prefix and "/" not in prefix):
            raise ValueError(
                f"'{word}' must be RULE=MODE, such as fence.unlocked=enforce, or "
                "BUCKET/PREFIX:RULE=MODE"
            )
        given.setdefault(unquote(prefix), {})[rule] = mode
    return {prefix: checked(said) for prefix, said in given.items()}


def as_pairs(value: Any) -> Any:
    """Return a table of the file as `modes` reads it; what is no table stays as it is.

    TOML reads `fence.held = "warn"` as a table within the table. A table whose name has a slash is
    about the states whose names begin with it.
    """
    if not isinstance(value, Mapping):
        return value
    return " ".join(_pairs(value, _EVERYWHERE))


def _pairs(table: Mapping[str, Any], before: str) -> Iterator[str]:
    for name, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{before}{name}={value}"
        elif "/" in name and not before:
            yield from _pairs(value, quote(name, safe="/") + ":")
        else:
            yield from _pairs(value, f"{before}{name}.")
