"""Entries of the journal: what they say, how they are numbered and chained."""

import hashlib
import hmac
import json

import pytest

from holdfast.engine.journal_end import JournalEnd
from holdfast.rules import journal_head
from holdfast.rules.journal import append
from holdfast.server.operation import Transaction
from journals import NOON, Journal


def test_an_entry_says_when_who_from_where_and_with_what(journal: Journal) -> None:
    """The event has the facts of the request, then the details in their order."""
    journal.append("lock-taken", bucket="states", key="a/b", state="states/a/b", serial=7)

    (entry,) = journal.entries()
    assert list(json.loads(entry.event).items()) == [
        ("at", "2026-11-22T12:00:00.000250Z"),
        ("what", "lock-taken"),
        ("principal", "arn:aws:iam::123456789012:user/alice"),
        ("access_key_id", "AKIAALICE"),
        ("address", "192.0.2.7"),
        ("tool", "Terraform 1.11.4"),
        ("bucket", "states"),
        ("key", "a/b"),
        ("state", "states/a/b"),
        ("serial", 7),
    ]


def test_numbers_begin_at_one_and_have_no_gaps(journal: Journal) -> None:
    """The number is returned, and each is one more than the one before."""
    assert [journal.append("lock-taken") for _ in range(3)] == [1, 2, 3]
    assert [entry.number for entry in journal.entries()] == [1, 2, 3]


def test_entries_of_one_transaction_follow_each_other(journal: Journal) -> None:
    """A second entry sees the first, though nothing is committed yet."""

    def two(tx: Transaction) -> tuple[int, int]:
        return append(tx, journal.key, "lock-taken", {}), append(tx, journal.key, "lock-forced", {})

    assert journal.update(two) == (1, 2)


def test_what_is_undone_leaves_no_entry(journal: Journal) -> None:
    """An entry is kept with what it tells of, or not at all; its number is used again."""

    def fails(tx: Transaction) -> None:
        append(tx, journal.key, "state-written", {})
        raise LookupError

    journal.append("lock-taken")
    with pytest.raises(LookupError):
        journal.update(fails)

    assert journal.append("lock-released") == 2


def test_the_chain_is_a_mac_over_what_was_before(journal: Journal) -> None:
    """HMAC-SHA256 of the chain before (zeros at first), the number in 8 bytes, and the event."""
    journal.append("lock-taken")
    journal.append("lock-released")

    before = bytes(32)
    for entry in journal.entries():
        signed = before + entry.number.to_bytes(8, "big") + entry.event
        assert entry.chain == hmac.new(journal.key, signed, hashlib.sha256).digest()
        before = entry.chain


def test_a_long_text_is_cut(journal: Journal) -> None:
    """What a stranger sends does not fill the disk."""
    journal.append("lock-refused", who="x" * 5000)

    (entry,) = journal.entries()
    assert json.loads(entry.event)["who"] == "x" * 1024


def test_times_of_whole_seconds_have_microseconds(journal: Journal) -> None:
    """So that texts sort as times do."""
    journal.append("lock-taken", now=NOON.replace(microsecond=0))

    (entry,) = journal.entries()
    assert json.loads(entry.event)["at"] == "2026-11-22T12:00:00.000000Z"


def test_it_is_written_down_that_there_is_a_journal(journal: Journal) -> None:
    """From the first entry on, so that nobody can take away the proof that there was one."""
    journal.append("lock-taken")
    journal.append("lock-released")

    (first, _) = journal.entries()
    head = journal.engine.view(lambda tx: journal_head.kept(tx, journal.key))
    assert head == JournalEnd(1, first.chain)
