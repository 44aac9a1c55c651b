"""How strictly rules are held, as the settings say it: text, or a table of the TOML file."""

from collections.abc import Iterator, Mapping
from typing import Any


def modes(text: str) -> Mapping[str, str]:
    """Read `RULE=MODE` pairs with spaces between them; return the modes that are said.

    Raises:
        ValueError: it is not that, or there is no such rule or mode.
    """
    if not text.strip():
        return {}
    from holdfast.server.rule_modes import checked  # others than a server do without it

    given: dict[str, str] = {}
    for word in text.split():
        rule, equals, mode = word.partition("=")
        if not equals:
            raise ValueError(f"'{word}' must be RULE=MODE, such as fence.unlocked=enforce")
        given[rule] = mode
    return checked(given)


def as_pairs(value: Any) -> Any:
    """Return a table of the file as `modes` reads it; what is no table stays as it is.

    TOML reads `fence.held = "warn"` as a table within the table.
    """
    if not isinstance(value, Mapping):
        return value
    return " ".join(f"{rule}={mode}" for rule, mode in _pairs(value, ""))


def _pairs(table: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _pairs(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
