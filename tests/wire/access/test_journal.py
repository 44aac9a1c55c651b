"""Who may read which part of the journal."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws
from journaled import append
from somebody import Somebody, allow, deny

ARN = "arn:aws:s3:::states"
Make = Callable[..., Somebody]


@pytest.fixture
def journal(place: Aws) -> Aws:
    """A server whose journal tells of two stages, and of users."""
    for stage in ("staging", "production"):
        append(place, "lock-forced", bucket="states", key=f"{stage}/app")
    append(place, "user-created", user="ada")
    return place


def read(who: Somebody, **filters: Any) -> list[int]:
    """Return which of the forced locks and users are listed."""
    kinds = ["lock-forced", "user-created"]
    return [
        entry["Number"]
        for entry in who.client("holdfast").list_journal(What=kinds, **filters)["Entries"]
    ]


def test_without_a_right_nothing_is_listed(journal: Aws, somebody: Make) -> None:
    """In the words of AWS's services."""
    del journal
    with refused("AccessDeniedException", "not authorized to perform: holdfast:ListJournal"):
        read(somebody())


def test_who_may_list_a_prefix_sees_what_is_below_it(journal: Aws, somebody: Make) -> None:
    """All of it, or that of one state; not what is beside it, and not whether there is any."""
    (staging, _) = _forced(journal)
    ada = somebody(allow("holdfast:ListJournal", f"{ARN}/staging/*"))

    assert read(ada, Bucket="states", Prefix="staging/") == [staging]
    assert read(ada, Bucket="states", Key="staging/app") == [staging]
    for elsewhere in (
        {"Bucket": "states", "Prefix": "production/"},
        {"Bucket": "states", "Key": "production/app"},
        {"Bucket": "states", "Key": "nothing/app"},
        {"Bucket": "states", "Prefix": "stag"},
        {"Bucket": "states"},
        {"Bucket": "others", "Prefix": "staging/"},
        {},
    ):
        with refused("AccessDeniedException"):
            read(ada, **elsewhere)


def test_who_may_list_a_bucket_sees_all_of_its_states(journal: Aws, somebody: Make) -> None:
    """And nothing about users."""
    ada = somebody(allow("holdfast:ListJournal", ARN))

    assert read(ada, Bucket="states") == _forced(journal)
    with refused("AccessDeniedException"):
        read(ada)


def test_who_may_list_everything_sees_everything(journal: Aws, somebody: Make) -> None:
    """Changes of users are there only."""
    ada = somebody(allow("holdfast:ListJournal"))

    assert len(read(ada)) == 3
    assert len(journal.holdfast.list_journal()["Entries"]) >= 3


def test_what_is_denied_by_itself_is_left_out(journal: Aws, somebody: Make) -> None:
    """Although the list is allowed."""
    (staging, production) = _forced(journal)
    ada = somebody(allow("holdfast:*"), deny("holdfast:ListJournal", f"{ARN}/production/*"))

    assert read(ada, Bucket="states") == [staging]
    assert production not in read(ada)
    assert len(read(ada)) == 2
    with refused("AccessDeniedException"):
        read(ada, Bucket="states", Key="production/app")


def test_what_is_set_for_a_prefix_that_is_denied_is_left_out(journal: Aws, somebody: Make) -> None:
    """It would tell how what is denied is called."""
    for prefix in ("staging/app", "production/app"):
        journal.holdfast.put_state_rules(
            Bucket="states", Prefix=prefix, Modes={"fence.unlocked": "warn"}
        )
    ada = somebody(allow("holdfast:*"), deny("holdfast:*", f"{ARN}/production/*"))
    for asked in ({}, {"Bucket": "states"}):
        found = ada.client("holdfast").list_journal(What=["rules-changed"], **asked)["Entries"]
        assert [json.loads(entry["Event"])["prefix"] for entry in found] == ["staging/app"]


def _forced(journal: Aws) -> list[int]:
    entries = journal.holdfast.list_journal(What=["lock-forced"])["Entries"]
    return [entry["Number"] for entry in entries]
