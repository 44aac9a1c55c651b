"""Spans of time, as people write and read them."""

import re
from datetime import timedelta

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)(d|h|m|s)", re.ASCII)
_ALL = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+", re.ASCII)


def parse(text: str) -> timedelta:
    """Return the span that a text says, such as `2h`, `1d12h` or `90s`.

    Raises:
        ValueError: it says none.
    """
    if not _ALL.fullmatch(text):
        raise ValueError(f"'{text}' is not a span of time such as 90s, 30m, 2h or 1d12h")
    try:
        return timedelta(
            seconds=sum(float(part[1]) * _UNITS[part[2]] for part in _PART.finditer(text))
        )
    except OverflowError as error:
        raise ValueError(f"'{text}' is too long") from error


def in_words(span: timedelta) -> str:
    """Return a span for reading, in its two largest units: `3d 4h`, `2h 5m`, `40s`."""
    seconds = max(0, int(span.total_seconds()))
    parts: list[str] = []
    for unit, length in _UNITS.items():
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0s"
