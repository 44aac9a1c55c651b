"""How strictly a rule is held, by bucket and prefix."""

from datetime import UTC, datetime

import pytest

from holdfast.engine.records import Bucket
from holdfast.server.rule_modes import DEFAULTS, SETTING, BadMode, Modes, checked, modes_of, usual


def bucket(given: dict[str, Modes]) -> Bucket:
    """Return a bucket with modes by prefix."""
    settings = {SETTING: given}
    return Bucket(name="b", created=datetime(2026, 1, 1, tzinfo=UTC), region="r", settings=settings)


def test_what_no_bucket_says_is_as_the_server_says() -> None:
    """With or without a bucket."""
    assert modes_of(None, "k", DEFAULTS) is DEFAULTS
    assert modes_of(bucket({}), "k", DEFAULTS) is DEFAULTS


def test_the_longest_prefix_that_names_a_rule_wins() -> None:
    """Rule by rule."""
    said = bucket(
        {
            "prod/net/": {"fence.stale": "warn"},
            "": {"fence.stale": "off", "fence.unlocked": "enforce"},
            "prod/": {"fence.stale": "enforce", "fence.emptied": "enforce"},
        }
    )

    assert modes_of(said, "dev/app", DEFAULTS)["fence.stale"] == "off"
    assert modes_of(said, "prod/app", DEFAULTS)["fence.stale"] == "enforce"
    deep = modes_of(said, "prod/net/app", DEFAULTS)
    assert (deep["fence.stale"], deep["fence.emptied"], deep["fence.unlocked"]) == (
        "warn",
        "enforce",
        "enforce",
    )
    assert deep["fence.held"] == DEFAULTS["fence.held"]


def test_settings_have_prefixes_too() -> None:
    """The longest wins, and a bucket wins over all of them."""
    said = usual(
        {
            "b/prod/": {"fence.stale": "warn", "fence.held": "warn"},
            "": {"digest": "off"},
            "b/": {"fence.stale": "off"},
        }
    )

    assert said.of("a", "prod/app") == {**DEFAULTS, "digest": "off"}
    assert said.of("b", "app")["fence.stale"] == "off"
    deep = modes_of(bucket({"": {"fence.held": "off"}}), "prod/app", said.of("b", "prod/app"))
    assert (deep["fence.stale"], deep["fence.held"], deep["digest"]) == ("warn", "off", "off")


@pytest.mark.parametrize("given", [{"fence": "off"}, {"fence.held": "maybe"}, {"fence.held": True}])
def test_what_has_no_meaning_is_refused(given: Modes) -> None:
    """Never ignored."""
    with pytest.raises(BadMode, match="fence"):
        checked(given)
