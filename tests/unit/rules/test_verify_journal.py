"""What a verification of the journal finds, after each way to change it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.engine.journal_end import JournalEnd
from holdfast.engine.port import Writer
from holdfast.engine.records import Setting
from holdfast.engine.state_records import JournalEntry
from holdfast.rules import journal_head
from holdfast.rules.journal import append
from holdfast.rules.verify_journal import verify_journal
from holdfast.server.operation import Transaction
from journals import Journal

Tamper = Callable[[Writer, list[JournalEntry]], None]


def found(journal: Journal) -> list[str]:
    """Return what is wrong, and where."""
    faults = verify_journal(journal.engine, journal.key)
    return [f"{fault.where}: {fault.what}" for fault in faults]


def changed(number: int, **fields: bytes) -> Tamper:
    """Return a change of an entry."""

    def work(tx: Writer, entries: list[JournalEntry]) -> None:
        entry = entries[number - 1]
        tx.put(
            JournalEntry(
                number=number,
                event=fields.get("event", entry.event),
                chain=fields.get("chain", entry.chain),
            )
        )

    return work


def dropped(*numbers: int) -> Tamper:
    """Return the removal of entries."""

    def work(tx: Writer, _: list[JournalEntry]) -> None:
        for number in numbers:
            tx.drop(JournalEntry, number)

    return work


def swapped(one: int, other: int) -> Tamper:
    """Return a change of places."""

    def work(tx: Writer, entries: list[JournalEntry]) -> None:
        first, second = entries[one - 1], entries[other - 1]
        tx.put(JournalEntry(number=one, event=second.event, chain=second.chain))
        tx.put(JournalEntry(number=other, event=first.event, chain=first.chain))

    return work


def inserted(at: int) -> Tamper:
    """Return an entry more, with all behind it moved on."""

    def work(tx: Writer, entries: list[JournalEntry]) -> None:
        for entry in entries[at - 1 :]:
            tx.put(JournalEntry(number=entry.number + 1, event=entry.event, chain=entry.chain))
        tx.put(JournalEntry(number=at, event=b'{"what": "nothing"}', chain=bytes(32)))

    return work


def renumbered(tx: Writer, entries: list[JournalEntry]) -> None:
    """Take the third entry away and close the gap."""
    for entry in entries[3:]:
        tx.put(JournalEntry(number=entry.number - 1, event=entry.event, chain=entry.chain))
    tx.drop(JournalEntry, len(entries))


def without_head(tx: Writer, _: list[JournalEntry]) -> None:
    """Take away what says how far the journal reached."""
    tx.drop(Setting, journal_head.SETTING)


WRONG = "not as written, or not in its place"
CUT = "missing: the end of the journal was cut off"
CASES: dict[str, tuple[Tamper, list[str]]] = {
    "an event": (changed(2, event=b"{}"), [f"journal, entry 2: {WRONG}"]),
    "a chain": (changed(2, chain=bytes(32)), [f"journal, entries 2 to 3: {WRONG}"]),
    "the newest event": (changed(6, event=b"{}"), [f"journal, entry 6: {WRONG}"]),
    "one dropped": (dropped(3), ["journal, entry 3: missing"]),
    "the first dropped": (dropped(1, 2), ["journal, entries 1 to 2: missing"]),
    "the end cut off": (dropped(5, 6), [f"journal, entries 5 to 6: {CUT}"]),
    "all dropped": (dropped(1, 2, 3, 4, 5, 6), [f"journal, entries 1 to 6: {CUT}"]),
    "reordered": (swapped(2, 4), [f"journal, entries 2 to 5: {WRONG}"]),
    "neighbours reordered": (swapped(2, 3), [f"journal, entries 2 to 4: {WRONG}"]),
    "inserted": (inserted(3), [f"journal, entries 3 to 7: {WRONG}"]),
    "dropped, gap closed": (
        renumbered,
        [f"journal, entries 3 to 5: {WRONG}", f"journal, entry 6: {CUT}"],
    ),
    "two at once": (
        lambda tx, entries: (changed(2, event=b"")(tx, entries), dropped(4)(tx, entries))[0],
        [f"journal, entry 2: {WRONG}", "journal, entry 4: missing"],
    ),
    "no head": (
        without_head,
        ["journal, entry 6: how far the journal reached is not written down any more"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_change_is_found_where_it_is(journal: Journal, case: str) -> None:
    """Runs of entries that do not fit are one finding."""
    tamper, named = CASES[case]
    for number in range(6):
        journal.append("lock-taken", lock_id=str(number))
    journal_head.follow(journal.engine, journal.key)
    entries = journal.entries()

    journal.engine.update(lambda tx: tamper(tx, entries))

    assert found(journal) == named


def test_a_journal_as_it_was_written_is_whole(journal: Journal) -> None:
    """Empty, before its head follows, after that, and as it grows on."""
    assert found(journal) == []
    for _ in range(300):
        journal.append("lock-taken")
    assert found(journal) == []
    assert journal_head.follow(journal.engine, journal.key)
    assert not journal_head.follow(journal.engine, journal.key)
    journal.append("lock-released")
    assert found(journal) == []


def test_a_head_of_another_journal_is_none(journal: Journal) -> None:
    """It cannot be made without the key."""
    journal.append("lock-taken")
    head = JournalEnd(1, bytes(32))
    journal.engine.update(lambda tx: journal_head.keep(tx, bytes(32), head))

    assert "not written down any more" in found(journal)[0]


def test_another_journal_with_a_chain_of_its_own_is_found(journal: Journal) -> None:
    """An entry that is chained right and was not there when the head was written down."""
    journal.append("lock-taken")
    (entry,) = journal.entries()
    other = JournalEnd(1, entry.chain[::-1])
    journal.engine.update(lambda tx: journal_head.keep(tx, journal.key, other))

    assert found(journal) == ["journal, entry 1: another one than the server wrote down"]


def test_the_head_never_goes_back(journal: Journal) -> None:
    """The next minute does not hide that the end was cut off."""
    for _ in range(3):
        journal.append("lock-taken")
    journal_head.follow(journal.engine, journal.key)
    journal.engine.update(lambda tx: tx.drop(JournalEntry, 3))

    journal_head.follow(journal.engine, journal.key)

    assert found(journal) == [f"journal, entry 3: {CUT}"]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(number=st.integers(1, 5), place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found(
    tmp_path_factory: pytest.TempPathFactory, number: int, place: int, bit: int
) -> None:
    """Of the event or of the chain, wherever it is."""
    made = Journal(tmp_path_factory.mktemp("journal"))
    for _ in range(5):
        made.append("lock-taken")
    entry = made.entries()[number - 1]
    whole = bytearray(entry.event + entry.chain)
    whole[place % len(whole)] ^= 1 << bit
    event, chain = bytes(whole[:-32]), bytes(whole[-32:])
    made.engine.update(lambda tx: tx.put(JournalEntry(number=number, event=event, chain=chain)))

    faults = list(verify_journal(made.engine, made.key))
    made.close()

    assert faults[0].first == number


def test_a_cut_journal_that_grows_again_is_found(journal: Journal) -> None:
    """The head stays at what was there before."""
    for _ in range(3):
        journal.append("lock-taken")
    journal_head.follow(journal.engine, journal.key)
    journal.engine.update(lambda tx: tx.drop(JournalEntry, 3))
    for _ in range(3):
        journal.append("lock-released")

    journal_head.follow(journal.engine, journal.key)

    assert found(journal) == ["journal, entry 3: another one than the server wrote down"]


def test_all_is_found_over_many_pages(journal: Journal) -> None:
    """The walk goes on behind what is wrong."""
    for _ in range(600):
        journal.append("lock-taken")
    entries = journal.entries()

    def work(tx: Writer) -> None:
        for number in (10, 256, 257, 599):
            changed(number, event=b"{}")(tx, entries)

    journal.engine.update(work)

    assert [line.partition(":")[0] for line in found(journal)] == [
        "journal, entry 10",
        "journal, entries 256 to 257",
        "journal, entry 599",
    ]


def test_a_journal_that_many_write_at_once_is_whole(journal: Journal) -> None:
    """Also where some of those who share a commit fail."""

    def work(thread: int) -> None:
        for number in range(25):
            with suppress(LookupError):
                journal.update(partial(_append, fails=(thread + number) % 3 == 0))

    def _append(tx: Transaction, *, fails: bool) -> None:
        append(tx, journal.key, "state-written", {"fails": fails})
        if fails:
            raise LookupError

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    entries = journal.entries()
    assert found(journal) == []
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert all(b'"fails":false' in entry.event for entry in entries)
    assert 100 < len(entries) < 200
