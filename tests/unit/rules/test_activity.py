"""Who was last heard of, and when."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from holdfast.rules import activity
from holdfast.rules.activity import Activity
from holdfast.rules.places import StateName
from holdfast.server.caller import Caller

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = StateName("states", "app")
AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4"
ANN = Caller("arn:ann", "AIDA", "ASIA1", user_agent=AGENT)
LATER = NOW + timedelta(minutes=1)


def test_nothing_is_known_at_first() -> None:
    """Neither of sessions nor of states; what was before is not known."""
    known = Activity()
    assert known.of_session("ASIA1") is None
    assert known.of_state(NAME, ANN.arn, "Terraform 1.11.4") is None
    assert known.known_from(NOW) == NOW


def test_the_last_request_of_a_session_counts() -> None:
    """And the first of all requests tells from when on anything is known."""
    known = Activity()
    known.seen(ANN, NOW)
    known.seen(ANN, LATER)
    assert known.of_session("ASIA1") == LATER
    assert known.known_from(LATER) == NOW


def test_a_long_lived_key_says_nothing() -> None:
    """Any process may use it, also one that waits."""
    known = Activity()
    known.seen(Caller("arn:ann", "AIDA", "AKIA1", user_agent=AGENT), NOW)
    assert known.of_session("AKIA1") is None


def test_the_use_of_a_state_counts_by_program() -> None:
    """Who looks at a lock with another program does not stand for the holder."""
    known = Activity()
    known.used(NAME, ANN, NOW)
    assert known.of_state(NAME, ANN.arn, "Terraform 1.11.4") == NOW
    assert known.of_state(NAME, ANN.arn, "holdfast 0.1.0") is None
    assert known.of_state(NAME, "arn:bob", "Terraform 1.11.4") is None
    assert known.of_state(StateName("states", "other"), ANN.arn, "Terraform 1.11.4") is None


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was heard of the longest ago is forgotten first."""
    monkeypatch.setattr(activity, "_MOST", 10)
    known = Activity()
    keys = [f"ASIA{number}" for number in range(25)]
    for second, key in zip(count(), keys, strict=False):
        known.seen(Caller("arn", "AIDA", key), NOW + timedelta(seconds=second))
    kept = [key for key in keys if known.of_session(key) is not None]
    assert kept == keys[-len(kept) :]
    assert 5 <= len(kept) <= 10
