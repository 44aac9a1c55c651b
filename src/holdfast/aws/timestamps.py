"""Timestamps as AWS writes them: HTTP dates, ISO 8601 and seconds since 1970. Always aware, in UTC."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# It writes a date several times as fast as `isoformat`, and lists have thousands.
_in_json = msgspec.json.Encoder().encode
_WITHOUT_FRACTION = len('"2009-10-12T17:50:30Z"')


@lru_cache(maxsize=256)
def http_date(moment: datetime) -> str:
    """Return `Mon, 12 Oct 2009 17:50:00 GMT` (RFC 9110, 5.6.7)."""
    moment = moment.astimezone(UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


def iso_seconds(moment: datetime) -> str:
    """Return `2009-10-12T17:50:30Z`, as STS and IAM do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def iso_milliseconds(moment: datetime) -> str:
    """Return `2009-10-12T17:50:30.000Z`, as S3 does."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    written = _in_json(moment).decode()
    if len(written) == _WITHOUT_FRACTION:
        return written[1:-2] + ".000Z"
    return written[1:24] + "Z"


def epoch(moment: datetime) -> float:
    """Return seconds since 1970, to the millisecond, as the JSON services do."""
    return round(moment.timestamp(), 3)


def from_http_date(text: str) -> datetime:
    """Read an HTTP date.

    Raises:
        ValueError: it is none.
    """
    from email.utils import parsedate_to_datetime  # few clients send any, and it imports much

    try:
        return _utc(parsedate_to_datetime(text))
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"not an HTTP date: {text!r}") from error


def from_iso(text: str) -> datetime:
    """Read an ISO 8601 date, with or without a time; UTC if it does not say.

    Raises:
        ValueError: it is none.
    """
    try:
        return _utc(datetime.fromisoformat(text.strip()))
    except OverflowError as error:
        raise ValueError(f"not a date: {text!r}") from error


def from_epoch(seconds: float) -> datetime:
    """Read seconds since 1970.

    Raises:
        ValueError: beyond the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"not a moment: {seconds}") from error


def from_any(text: str) -> datetime:
    """Read a timestamp in whichever form it comes.

    Raises:
        ValueError: it is none.
    """
    try:
        return from_epoch(float(text))
    except ValueError:
        pass
    try:
        return from_iso(text)
    except ValueError:
        return from_http_date(text)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
