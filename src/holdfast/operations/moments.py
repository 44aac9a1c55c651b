"""Points in time as people write them: with a date, as a time of today, or as a while ago."""

import re
from datetime import UTC, datetime, timedelta

from holdfast.client.errors import HoldfastError

FORMS = (
    "2026-01-31T14:05:00Z, '2026-01-31 14:05' (UTC), 14:05 (today, UTC), 16:05+02:00, "
    "or 90m, 2h, 1d12h ago"
)
CLOCKS = timedelta(minutes=5)  # how far a server's clock, whose times are copied, may be ahead
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII)
_AGO = re.compile(r"(?:\d{1,6}\s*[smhdw]\s*)+(?:ago)?", re.ASCII)
_ZONE = re.compile(r"\s*(Z|UTC|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"(\d{1,2}:\d\d(?::\d\d)?)(Z|[+-]\d\d:?\d\d)?", re.ASCII)


class NotAMoment(HoldfastError):
    """A text does not say a point in time, or says one that is still to come."""


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the point in time that a text says, in UTC. A time without an offset is UTC.

    Args:
        text: one of `FORMS`.
        now: the present, with a time zone.

    Raises:
        NotAMoment: it says none, or one that is still to come.
    """
    written = text.strip()
    try:
        if _AGO.fullmatch(written):
            return now.astimezone(UTC) - _span(written)
        moment = _moment(_with_plain_zone(written), now)
    except (ValueError, OverflowError):
        raise NotAMoment(f"{text!r} is not a time", f"Times are written so: {FORMS}.") from None
    if moment > now + CLOCKS:
        raise NotAMoment(
            f"{text!r} is still to come: it means {moment:%Y-%m-%d %H:%M:%SZ}, and now it is "
            f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}",
            "A time without an offset is UTC. For your own time say the offset, such as 14:05+02:00; "
            "for another day, the date.",
        )
    return moment


def _span(written: str) -> timedelta:
    spans = (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _SPAN.findall(written))
    return sum(spans, timedelta())


def _with_plain_zone(written: str) -> str:
    """Write the zone at the end as the ISO form has it: `Z` or an offset, without a space."""
    zone = _ZONE.search(written)
    if not zone or zone.end() != len(written):
        return written
    name = "Z" if zone[1].upper() in {"Z", "UTC"} else zone[1]
    return written[: zone.start()] + name


def _moment(written: str, now: datetime) -> datetime:
    """Read a date, a date with a time, or a time of the day that it is now where the clock shows it."""
    of_day = _TIME_OF_DAY.fullmatch(written)
    if of_day:
        hour, _, rest = of_day[1].partition(":")
        time = datetime.fromisoformat(f"2000-01-01 {hour:0>2}:{rest}{of_day[2] or 'Z'}")
        today = now.astimezone(time.tzinfo)
        return time.replace(year=today.year, month=today.month, day=today.day).astimezone(UTC)
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
