"""What lifecycle rules decide."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.s3.lifecycle_rules import (
    Facts,
    Rule,
    Verdict,
    due,
    rules_of,
    upload_ended,
    verdict,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.timedeltas(timedelta(0), 36_500 * DAY).map(
    lambda passed: datetime(2000, 1, 1, tzinfo=UTC) + passed
)


def _facts(**changes: Any) -> Facts:
    whole: dict[str, Any] = {"key": "app/state", "size": 100, "tags": {}, "last_modified": NOON}
    return Facts(**{**whole, **changes})


@given(MOMENTS, st.integers(1, 5000))
def test_days_end_at_the_first_midnight_that_is_not_too_early(since: datetime, days: int) -> None:
    """Rounded up to midnight UTC, never by a whole day or more."""
    end = due(since, days)
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) <= end - since - days * DAY < DAY


def test_days_are_counted_as_in_the_user_guide() -> None:
    """Made at 10:30 on the 15th with 3 days: it ends at the beginning of the 19th."""
    assert due(datetime(2014, 1, 15, 10, 30, tzinfo=UTC), 3) == datetime(2014, 1, 19, tzinfo=UTC)


def test_midnight_is_that_of_utc() -> None:
    """A time in another zone is converted first."""
    since = datetime(2026, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert due(since, 1) == datetime(2026, 1, 4, tzinfo=UTC)


@given(MOMENTS, st.integers(1, 400), st.integers(0, 5), st.integers(0, 5), MOMENTS)
def test_a_noncurrent_version_goes_when_both_limits_are_passed(
    since: datetime, days: int, kept: int, newer: int, now: datetime
) -> None:
    """Old enough, and behind at least as many newer noncurrent versions as are kept."""
    rule = Rule(id="r", noncurrent_days=days, newer_kept=kept)
    found = verdict([rule], _facts(noncurrent_since=since, newer_noncurrent=newer), now)
    assert (found is Verdict.REMOVE) == (newer >= kept and due(since, days) <= now)


@given(MOMENTS, st.integers(1, 400), MOMENTS, st.timedeltas(timedelta(0)))
def test_what_has_ended_stays_ended(
    since: datetime, days: int, now: datetime, later: timedelta
) -> None:
    """Time alone never takes a decision back."""
    rules = [Rule(id="r", expire_days=days)]
    facts = _facts(last_modified=since)
    try:
        then = now + later
    except OverflowError:
        return
    if verdict(rules, facts, now) is Verdict.EXPIRE:
        assert verdict(rules, facts, then) is Verdict.EXPIRE


@given(st.builds(Rule, id=st.just("r"), noncurrent_days=st.integers(0, 9)), MOMENTS)
def test_the_current_version_is_never_removed_for_good(rule: Rule, now: datetime) -> None:
    """It expires, which leaves a delete marker where versions are kept, or it stays."""
    assert verdict([rule], _facts(), now) is not Verdict.REMOVE


def test_a_current_version_expires_by_age() -> None:
    """One second before midnight it stays, at midnight it goes."""
    rules = [Rule(id="r", expire_days=1)]
    end = datetime(2026, 3, 12, tzinfo=UTC)
    assert verdict(rules, _facts(), end - timedelta(seconds=1)) is Verdict.KEEP
    assert verdict(rules, _facts(), end) is Verdict.EXPIRE


def test_a_current_version_expires_by_date() -> None:
    """From its date on a rule expires everything, however new."""
    rules = [Rule(id="r", expire_date=NOON)]
    assert verdict(rules, _facts(), NOON - DAY) is Verdict.KEEP
    assert verdict(rules, _facts(), NOON) is Verdict.EXPIRE


def test_only_a_lone_delete_marker_goes() -> None:
    """A marker over other versions still hides them."""
    rules = [Rule(id="r", expire_lone_markers=True)]
    marker = _facts(delete_marker=True, size=0)
    assert verdict(rules, marker, NOON) is Verdict.KEEP
    assert verdict(rules, _facts(delete_marker=True, lone=True), NOON) is Verdict.REMOVE


def test_an_expiration_by_age_removes_lone_markers_of_that_age() -> None:
    """As the user guide says of Days and Date."""
    rules = [Rule(id="r", expire_days=1)]
    marker = _facts(delete_marker=True, lone=True)
    assert verdict(rules, marker, NOON) is Verdict.KEEP
    assert verdict(rules, marker, NOON + 2 * DAY) is Verdict.REMOVE


@pytest.mark.parametrize(
    ("rule", "applies"),
    [
        (Rule(id="r", expire_days=1), True),
        (Rule(id="r", expire_days=1, prefix="app/"), True),
        (Rule(id="r", expire_days=1, prefix="other/"), False),
        (Rule(id="r", expire_days=1, tags={"keep": "no"}), True),
        (Rule(id="r", expire_days=1, tags={"keep": "no", "more": ""}), False),
        (Rule(id="r", expire_days=1, tags={"keep": "yes"}), False),
        (Rule(id="r", expire_days=1, larger_than=99), True),
        (Rule(id="r", expire_days=1, larger_than=100), False),
        (Rule(id="r", expire_days=1, smaller_than=101), True),
        (Rule(id="r", expire_days=1, smaller_than=100), False),
    ],
)
def test_a_rule_reaches_what_its_filter_says(rule: Rule, applies: bool) -> None:
    """Prefix, every tag, and sizes that are exclusive."""
    found = verdict([rule], _facts(tags={"keep": "no"}), NOON + 9 * DAY)
    assert (found is Verdict.EXPIRE) == applies


def test_a_filter_by_tag_or_size_does_not_reach_markers() -> None:
    """A delete marker has neither."""
    marker = _facts(delete_marker=True, noncurrent_since=NOON, size=0)
    later = NOON + 9 * DAY
    for rule in (
        Rule(id="r", noncurrent_days=1, tags={"a": "b"}),
        Rule(id="r", noncurrent_days=1, smaller_than=10),
    ):
        assert verdict([rule], marker, later) is Verdict.KEEP
    assert verdict([Rule(id="r", noncurrent_days=1)], marker, later) is Verdict.REMOVE


def test_an_upload_ends_by_prefix_and_age() -> None:
    """Both must fit."""
    rules = [Rule(id="r", prefix="app/", abort_days=2)]
    assert not upload_ended(rules, "app/x", NOON, NOON + 2 * DAY)
    assert upload_ended(rules, "app/x", NOON, NOON + 3 * DAY)
    assert not upload_ended(rules, "x", NOON, NOON + 3 * DAY)


def test_rules_are_read_from_a_configuration() -> None:
    """Both forms of a filter, both kinds of expiry; a disabled rule is left out."""
    configuration = {
        "Rules": [
            {"ID": "off", "Status": "Disabled", "Prefix": "", "Expiration": {"Days": 1}},
            {
                "ID": "one",
                "Status": "Enabled",
                "Filter": {"Tag": {"Key": "a", "Value": "b"}},
                "Expiration": {"Days": 7},
            },
            {
                "ID": "two",
                "Status": "Enabled",
                "Filter": {
                    "And": {
                        "Prefix": "p",
                        "Tags": [{"Key": "c", "Value": "d"}],
                        "ObjectSizeGreaterThan": 5,
                    }
                },
                "NoncurrentVersionExpiration": {
                    "NoncurrentDays": 3,
                    "NewerNoncurrentVersions": 2,
                },
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 4},
            },
        ]
    }
    assert rules_of(configuration) == (
        Rule(id="one", tags={"a": "b"}, expire_days=7),
        Rule(
            id="two",
            prefix="p",
            tags={"c": "d"},
            larger_than=5,
            noncurrent_days=3,
            newer_kept=2,
            abort_days=4,
        ),
    )
