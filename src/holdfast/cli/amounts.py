"""Sizes, ages and times as people read them."""

from datetime import UTC, datetime

_UNITS = (
    (365 * 86400, "year", "years"),
    (30 * 86400, "month", "months"),
    (86400, "day", "days"),
    (3600, "h", "h"),
    (60, "min", "min"),
    (1, "s", "s"),
)


def human_size(count: int) -> str:
    """Return a number of bytes for reading, such as `1.5 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            return f"{value:.1f} {unit}"
    raise AssertionError


def human_age(seconds: float) -> str:
    """Return a duration for reading, in its largest unit: `5 s`, `3 h`, `12 days`.

    Args:
        seconds: how long; less than one second, or a negative number (clocks differ), is `0 s`.
    """
    for size, one, many in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {one if count == 1 else many}"
    return "0 s"


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago something was, such as `3 h ago`; `-` if it is not known.

    Args:
        when: an aware time.
        now: the time now; the clock's if None.
    """
    if when is None:
        return "-"
    return f"{human_age(((now or datetime.now(UTC)) - when).total_seconds())} ago"


def timestamp(when: datetime) -> str:
    """Return a time in UTC to the second, such as `2026-03-01 12:00:05Z`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 state`, `no states`, `2,000 states`."""
    noun = one if count == 1 else many or f"{one}s"
    return f"{count:,} {noun}" if count else f"no {noun}"
