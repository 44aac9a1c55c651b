"""Naming versions: by id, by a beginning of it, by age, by serial, by time."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.client.history import Version
from holdfast.operations.choosing import AmbiguousVersion, NoSuchVersion, choose, is_name
from holdfast.operations.moments import NotAMoment, parse_moment
from holdfast.terraform.address import StateAddress

AT = StateAddress("states", "app.tfstate")
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def version(
    name: str, minutes: int, serial: int | None = None, *, deleted: bool = False
) -> Version:
    """Return a version that was written so many minutes ago."""
    return Version(
        address=AT,
        version_id=name,
        last_modified=NOW - timedelta(minutes=minutes),
        is_latest=False,
        delete_marker=deleted,
        size=10,
        etag=f"etag-{name}",
        serial=serial,
    )


HISTORY = [
    version("abc3", 10, 3),
    version("gone", 20, deleted=True),
    version("abd2", 30, 2),
    version("xyz1", 40, 1),
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", "abc3"),
        ("latest~0", "abc3"),
        ("latest~1", "abd2"),
        ("latest~2", "xyz1"),
        ("serial:2", "abd2"),
        ("xyz1", "xyz1"),
        ("abd", "abd2"),
        ("x", "xyz1"),
        ("@35m", "xyz1"),
        ("@11:30", "abd2"),
        ("@2026-03-10T11:50:00Z", "abc3"),
    ],
)
def test_names_a_version(name: str, found: str) -> None:
    """Each way of naming a version finds the one that it says."""
    assert choose(AT, HISTORY, name, NOW).version_id == found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("latest~3", "only 3 versions"),
        ("serial:9", "they go from 1 to 3"),
        ("nothing", "no version 'nothing'"),
        ("@2h", "its oldest version is of 2026-03-10 11:20:00Z"),
        ("@15m", "it was deleted 2026-03-10 11:40:00Z"),
    ],
)
def test_says_why_there_is_no_such_version(name: str, said: str) -> None:
    """A name that means nothing is answered with what there is."""
    with pytest.raises(NoSuchVersion, match=said):
        choose(AT, HISTORY, name, NOW)


def test_an_ambiguous_beginning_lists_what_it_may_mean() -> None:
    """A beginning that several ids have is refused, with these ids."""
    with pytest.raises(AmbiguousVersion, match=r"abc3.*abd2"):
        choose(AT, HISTORY, "ab", NOW)


def test_an_exact_id_wins_over_longer_ones() -> None:
    """An id that is the beginning of another one still names its own version."""
    history = [version("ab1", 1), version("ab", 2)]
    assert choose(AT, history, "ab", NOW).version_id == "ab"


def test_a_serial_of_several_contents_is_ambiguous() -> None:
    """Two different states with one serial are not guessed between."""
    history = [version("one", 1, 5), version("two", 2, 5)]
    with pytest.raises(AmbiguousVersion, match="serial 5"):
        choose(AT, history, "serial:5", NOW)


def test_names_are_told_from_files() -> None:
    """Only what has the form of a name is one without a look at the disk."""
    assert all(map(is_name, ["latest", "latest~4", "serial:1", "@2h"]))
    assert not any(map(is_name, ["errored.tfstate", "abc", "latest.tfstate"]))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T14:05:00Z", datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
        ("2026-01-31 14:05", datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
        ("2026-01-31T14:05:00+02:00", datetime(2026, 1, 31, 12, 5, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("9:05", datetime(2026, 3, 10, 9, 5, tzinfo=UTC)),
        ("09:05:07", datetime(2026, 3, 10, 9, 5, 7, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d ago", NOW - timedelta(days=3)),
        ("90 m", NOW - timedelta(minutes=90)),
        ("1d12h", NOW - timedelta(hours=36)),
        ("2h 30m ago", NOW - timedelta(minutes=150)),
        ("9:05Z", datetime(2026, 3, 10, 9, 5, tzinfo=UTC)),
        ("09:05+02:00", datetime(2026, 3, 10, 7, 5, tzinfo=UTC)),
        ("01:05 +1400", datetime(2026, 3, 10, 11, 5, tzinfo=UTC)),
        ("2026-01-31 14:05:09Z", datetime(2026, 1, 31, 14, 5, 9, tzinfo=UTC)),
        ("2026-01-31 14:05 UTC", datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
        ("2026-01-31 14:05 -05:00", datetime(2026, 1, 31, 19, 5, tzinfo=UTC)),
        ("12:04", NOW + timedelta(minutes=4)),
    ],
)
def test_reads_times_as_people_write_them(text: str, moment: datetime) -> None:
    """Dates, times of today and whiles ago are understood, in UTC."""
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "25:00", "2026-13-01", "999999w", "2x"])
def test_refuses_what_is_no_time(text: str) -> None:
    """What says no time is refused with how times are written."""
    with pytest.raises(NotAMoment, match="Times are written so"):
        parse_moment(text, NOW)


@pytest.mark.parametrize("text", ["14:05", "14:05+01:00", "2026-03-11", "2027-01-01T00:00:00Z"])
def test_refuses_a_time_that_is_still_to_come(text: str) -> None:
    """It is a time of another zone or another day, which would quietly mean the newest version."""
    with pytest.raises(NotAMoment, match=r"still to come: .* now it is 2026-03-10 12:00:00Z"):
        parse_moment(text, NOW)
