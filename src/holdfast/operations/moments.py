"""Points in time as people write them: with a date, as a time of today, or as a while ago."""

import re
from datetime import UTC, datetime, timedelta

from holdfast.client.errors import HoldfastError

FORMS = "2026-01-31T14:05:00Z, '2026-01-31 14:05' (UTC), 14:05 (today, UTC), or 90m, 2h, 3d ago"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(?::\d\d)?", re.ASCII)


class NotAMoment(HoldfastError):
    """A text does not say a point in time."""


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the point in time that a text says, in UTC. A time without an offset is UTC.

    Args:
        text: one of `FORMS`.
        now: the present, with a time zone.

    Raises:
        NotAMoment: it says none.
    """
    written = text.strip()
    ago = _AGO.fullmatch(written)
    try:
        if ago:
            return now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if _TIME_OF_DAY.fullmatch(written):
            written = (
                f"{now.astimezone(UTC):%Y-%m-%d} {written.zfill(len(written) + _short(written))}"
            )
        moment = datetime.fromisoformat(written)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotAMoment(f"{text!r} is not a time", f"Times are written so: {FORMS}.") from None


def _short(time_of_day: str) -> int:
    """Return 1 if the hour has one digit."""
    return int(time_of_day.index(":") == 1)
