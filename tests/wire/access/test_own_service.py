"""What the server's own operations tell of states to those who may see some of them only."""

from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws
from lockers import document
from somebody import Somebody, allow, deny

BUCKET = "states"
ARN = f"arn:aws:s3:::{BUCKET}"
HOURS = {"Seconds": 4 * 3600}
MODES = {"Modes": {"fence.unlocked": "warn"}}
Make = Callable[..., Somebody]


@pytest.fixture
def said(place: Aws) -> Aws:
    """A bucket that says something for the states of each stage, and for all."""
    for where in ({}, *({"Prefix": one} for one in ("production/", "staging/", "staging/app/"))):
        place.holdfast.put_state_rules(Bucket=BUCKET, **where, **MODES)
        place.holdfast.put_lock_release(Bucket=BUCKET, **where, **HOURS)
    return place


def prefixes(answer: dict[str, Any]) -> list[str]:
    """Return the prefixes that an answer tells of."""
    return [one["Prefix"] for one in answer["Given" if "Given" in answer else "Policies"]]


def test_rules_of_a_state_name_no_other_prefix(said: Aws, somebody: Make) -> None:
    """What is said for others would tell how they are called."""
    del said
    ada = somebody(allow("holdfast:GetStateRules", f"{ARN}/staging/*")).client("holdfast")
    found = ada.get_state_rules(Bucket=BUCKET, Key="staging/db")
    assert prefixes(found) == ["", "staging/"]


def test_a_change_for_a_prefix_names_no_other(said: Aws, somebody: Make) -> None:
    """The answers of all that change something name what bears on it."""
    del said
    ada = somebody(allow("holdfast:*", f"{ARN}/staging/*")).client("holdfast")
    own = {"Bucket": BUCKET, "Prefix": "staging/"}
    assert prefixes(ada.put_state_rules(**own, **MODES)) == ["", "staging/", "staging/app/"]
    assert prefixes(ada.put_lock_release(**own, **HOURS)) == ["", "staging/", "staging/app/"]
    assert prefixes(ada.delete_lock_release(**own)) == ["", "staging/app/"]


def test_who_may_ask_for_a_bucket_sees_all_of_it(said: Aws, somebody: Make) -> None:
    """But what is denied by itself."""
    del said
    ada = somebody(allow("holdfast:Get*", ARN), deny("holdfast:*", f"{ARN}/production/*"))
    for ask in (ada.client("holdfast").get_state_rules, ada.client("holdfast").get_lock_release):
        assert prefixes(ask(Bucket=BUCKET)) == ["", "staging/", "staging/app/"]


def test_leave_for_a_state_that_is_denied_is_not_listed(place: Aws, somebody: Make) -> None:
    """As with locks and the journal."""
    body = b'{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","resources":[]}'
    for key in ("staging/db", "production/db"):
        place.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        place.holdfast.put_override(Bucket=BUCKET, Key=key, Reason="why")
    ada = somebody(allow("holdfast:*"), deny("holdfast:*", f"{ARN}/production/*"))
    for asked in ({}, {"Bucket": BUCKET}):
        found = ada.client("holdfast").list_overrides(**asked)["Overrides"]
        assert [one["Key"] for one in found] == ["staging/db"]


def test_a_right_to_one_state_is_none_to_what_begins_like_it(place: Aws, somebody: Make) -> None:
    """Its key is a prefix of others' keys."""
    for key in ("staging/db", "staging/db-of-others"):
        place.s3.put_object(Bucket=BUCKET, Key=f"{key}.tflock", Body=document())
    ada = somebody(allow("holdfast:*", f"{ARN}/staging/db")).client("holdfast")
    assert len(ada.list_locks(Bucket=BUCKET, Key="staging/db")["Locks"]) == 1
    prefix = {"Bucket": BUCKET, "Prefix": "staging/db"}
    for ask, more in (
        (ada.list_locks, {}),
        (ada.list_past_locks, {}),
        (ada.list_journal, {}),
        (ada.list_overrides, {}),
        (ada.put_state_rules, MODES),
        (ada.delete_state_rules, {}),
        (ada.put_lock_release, HOURS),
        (ada.delete_lock_release, {}),
    ):
        with refused("AccessDeniedException", f"{ARN}/staging/db*"):
            ask(**prefix, **more)


def test_who_is_denied_one_state_may_not_name_it_as_a_prefix(place: Aws, somebody: Make) -> None:
    """Although everything else that begins so is allowed."""
    del place
    ada = somebody(allow("holdfast:*"), deny("holdfast:*", f"{ARN}/staging/db"))
    with refused("AccessDeniedException", "explicit deny"):
        ada.client("holdfast").put_state_rules(Bucket=BUCKET, Prefix="staging/db", **MODES)
