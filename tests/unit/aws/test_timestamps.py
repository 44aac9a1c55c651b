"""Timestamps in AWS's forms."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import timestamps

MOMENT = datetime(2009, 10, 12, 17, 50, 30, 123456, UTC)
MOMENTS = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


def test_the_forms() -> None:
    """Each is what AWS's references show."""
    east = MOMENT.astimezone(timezone(timedelta(hours=2)))
    assert timestamps.http_date(east) == "Mon, 12 Oct 2009 17:50:30 GMT"
    assert timestamps.iso_seconds(east) == "2009-10-12T17:50:30Z"
    assert timestamps.iso_milliseconds(east) == "2009-10-12T17:50:30.123Z"
    assert timestamps.epoch(east) == 1255369830.123


@given(MOMENTS)
def test_every_form_reads_back(moment: datetime) -> None:
    """To the precision that it has."""
    second = moment.replace(microsecond=0)
    millisecond = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert timestamps.from_http_date(timestamps.http_date(moment)) == second
    assert timestamps.from_iso(timestamps.iso_seconds(moment)) == second
    assert timestamps.from_iso(timestamps.iso_milliseconds(moment)) == millisecond


@given(st.datetimes(timezones=st.just(UTC)))
def test_forms_of_any_year(moment: datetime) -> None:
    """As Python's own ways of writing dates, which are slower, have them."""
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    assert timestamps.iso_milliseconds(moment) == text
    assert timestamps.http_date(moment) == format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    "text", ["2009-10-12T17:50:30Z", "2009-10-12T19:50:30+02:00", "1255369830", "20091012T175030Z"]
)
def test_any_form_is_read(text: str) -> None:
    """Clients write in several."""
    assert timestamps.from_any(text) == MOMENT.replace(microsecond=0)


@given(st.text(max_size=30))
@pytest.mark.parametrize("read", [timestamps.from_any, timestamps.from_http_date])
def test_other_text_is_a_value_error(read: object, text: str) -> None:
    """Nothing else ever escapes."""
    assert callable(read)
    try:
        moment = read(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("seconds", [1e300, float("inf"), float("nan"), -1e15])
def test_moments_beyond_the_calendar(seconds: float) -> None:
    """A number of seconds may be too large for any date."""
    with pytest.raises(ValueError, match=r".+"):
        timestamps.from_epoch(seconds)
