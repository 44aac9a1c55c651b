"""ListJournal: filters, order, pages."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.server.states import journal as handler
from in_process import Aws
from journaled import append
from journals import ALICE, NOON

BOB = type(ALICE)("arn:aws:sts::123456789012:assumed-role/ci/bob", "AROA:bob", "ASIABOB")


def numbers(aws: Aws, **filters: Any) -> list[int]:
    """Return the numbers of the entries that pass."""
    return [entry["Number"] for entry in aws.holdfast.list_journal(**filters)["Entries"]]


def later(hours: float) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(hours=hours)


def test_a_journal_without_entries_is_listed(aws: Aws) -> None:
    """There is nothing to look at, and no position."""
    answer = aws.holdfast.list_journal()
    assert answer["Entries"] == []
    assert answer["More"] is False
    assert "Position" not in answer


def test_an_entry_has_number_event_and_chain(aws: Aws) -> None:
    """The event is JSON, with everything that was written down."""
    append(aws, "lock-taken", bucket="states", key="a", lock_id="1")

    (entry,) = aws.holdfast.list_journal()["Entries"]
    assert entry["Number"] == 1
    assert len(entry["Chain"]) == 64
    event = json.loads(entry["Event"])
    assert event["what"] == "lock-taken"
    assert event["state"] == "states/a"
    assert event["principal"] == ALICE.arn


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"Bucket": "states"}, [1, 2, 3]),
        ({"Bucket": "states", "Key": "a/x"}, [1, 2]),
        ({"Bucket": "states", "Prefix": "a/"}, [1, 2]),
        ({"Bucket": "states", "Prefix": "a/xy"}, []),
        ({"What": ["lock-taken"]}, [1, 4]),
        ({"What": ["lock-taken", "user-created"]}, [1, 4, 5]),
        ({"Principal": "alice"}, [1, 2, 5]),
        ({"Principal": "lice"}, []),
        ({"Principal": "bob"}, [3, 4]),
        ({"Principal": "ci/bob"}, [3, 4]),
        ({"Principal": BOB.arn}, [3, 4]),
        ({"Since": later(2)}, [3, 4, 5]),
        ({"Until": later(2)}, [1, 2]),
        ({"Since": later(1), "Until": later(3)}, [2, 3]),
        ({"Since": later(99)}, []),
        ({"Until": later(-99)}, []),
        ({"After": 3}, [4, 5]),
        ({"After": 5}, []),
        ({"Reverse": True}, [5, 4, 3, 2, 1]),
        ({"Reverse": True, "After": 3}, [2, 1]),
        ({"Reverse": True, "Since": later(2), "Limit": 2}, [5, 4]),
        ({"Limit": 2}, [1, 2]),
        ({"Bucket": "states", "What": ["state-written"], "Principal": "bob"}, [3]),
    ],
)
def test_filters_and_order(aws: Aws, filters: dict[str, Any], found: list[int]) -> None:
    """An entry is listed if it passes all of them."""
    append(aws, "lock-taken", later(0), bucket="states", key="a/x")
    append(aws, "state-written", later(1), bucket="states", key="a/x")
    append(aws, "state-written", later(2), BOB, bucket="states", key="b")
    append(aws, "lock-taken", later(3), BOB, bucket="others", key="a/x")
    append(aws, "user-created", later(4), user="carol")

    assert numbers(aws, **filters) == found


def test_pages_go_on_at_the_position(aws: Aws) -> None:
    """Until there is no more."""
    for _ in range(5):
        append(aws, "lock-taken")

    seen, position, more = [], 0, True
    while more:
        page = aws.holdfast.list_journal(Limit=2, After=position)
        seen += [entry["Number"] for entry in page["Entries"]]
        position, more = page["Position"], page["More"]

    assert seen == [1, 2, 3, 4, 5]


def test_a_request_looks_at_a_bounded_number_of_entries(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may be empty; its position says where to go on."""
    monkeypatch.setattr(handler, "_MOST_EXAMINED", 3)
    for number in range(5):
        append(aws, "lock-taken" if number < 4 else "lock-forced")

    page = aws.holdfast.list_journal(What=["lock-forced"])
    assert (page["Entries"], page["Position"], page["More"]) == ([], 3, True)
    assert numbers(aws, What=["lock-forced"], After=3) == [5]


def test_who_follows_gets_what_is_new(aws: Aws) -> None:
    """After the newest there is nothing; then there is, at the same position."""
    append(aws, "lock-taken")
    before = aws.holdfast.list_journal(After=1)
    append(aws, "lock-released")

    assert (before["Entries"], before["Position"], before["More"]) == ([], 1, False)
    assert numbers(aws, After=before["Position"]) == [2]


def test_a_position_behind_the_end_is_told(aws: Aws) -> None:
    """Whoever remembers a number sees that the journal has become shorter."""
    append(aws, "lock-taken")

    page = aws.holdfast.list_journal(After=7)

    assert (page["Entries"], page["Position"], page["More"]) == ([], 1, False)


def test_a_slow_request_is_found_by_its_time(aws: Aws) -> None:
    """It came before others that were committed sooner."""
    append(aws, "lock-taken", later(1))
    append(aws, "state-written", later(0.5))
    append(aws, "lock-released", later(1.5))

    assert numbers(aws, Since=later(1)) == [1, 3]
    assert numbers(aws, Until=later(1)) == [2]


@pytest.mark.parametrize("name", ["Key", "Prefix"])
def test_a_key_without_a_bucket_is_refused(aws: Aws, name: str) -> None:
    """It would mean another state than it says."""
    with pytest.raises(ClientError) as caught:
        aws.holdfast.list_journal(**{name: "a"})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert name in caught.value.response["Error"]["Message"]


def test_a_limit_out_of_bounds_is_refused(aws: Aws) -> None:
    """The model says which are in bounds."""
    client = aws.client("holdfast", config=_unchecked())
    with pytest.raises(ClientError, match="ValidationException"):
        client.list_journal(Limit=1001)


def _unchecked() -> Any:
    from botocore.config import Config

    return Config(parameter_validation=False, retries={"total_max_attempts": 1})
