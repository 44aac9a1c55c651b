"""Verifying the journal: is each entry the one that was written, and is none missing?"""

from collections.abc import Iterator

import msgspec

from holdfast.engine.journal_end import NO_CHAIN, JournalEnd
from holdfast.engine.port import Engine
from holdfast.engine.state_records import JournalEntry
from holdfast.engine.verify import walk
from holdfast.rules import journal_head
from holdfast.rules.journal import chained

TODO = (
    "Somebody other than the server wrote to the database, or the disk failed. Compare with a journal "
    "that was exported before, or with the one in a backup: holdfast restore-backup FILE --data NEW-DIR"
)


class Fault(msgspec.Struct, frozen=True):
    """Something in the journal is not as it was written."""

    first: int  # number of the first entry that this is about
    last: int
    what: str  # a sentence without a full stop

    @property
    def where(self) -> str:
        """What it is about, in words."""
        if self.first == self.last:
            return f"journal, entry {self.first}"
        return f"journal, entries {self.first} to {self.last}"


def verify_journal(engine: Engine, chain_key: bytes) -> Iterator[Fault]:
    """Yield each run of entries that were changed, added, moved or taken away.

    Args:
        engine: open for reading; the server may go on writing.
        chain_key: of this data.
    """
    head = engine.view(lambda tx: journal_head.kept(tx, chain_key))
    number, before = 0, NO_CHAIN
    wrong: Fault | None = None
    for entry in walk(engine, JournalEntry):
        fits, missing = _fits(entry, number, before, chain_key), entry.number - number - 1
        if wrong is not None and (fits or missing):
            yield wrong
            wrong = None
        if missing:
            yield Fault(number + 1, entry.number - 1, "missing")
        elif not fits:
            first = entry.number if wrong is None else wrong.first
            wrong = Fault(first, entry.number, "not as written, or not in its place")
        if head is not None and entry.number == head.number and entry.chain != head.chain and fits:
            yield Fault(entry.number, entry.number, "another one than the server wrote down")
        number, before = entry.number, entry.chain
    if wrong is not None:
        yield wrong
    yield from _end(number, head)


def _fits(entry: JournalEntry, number: int, before: bytes, chain_key: bytes) -> bool:
    """Say whether an entry follows the one before; behind a gap that cannot be told."""
    if entry.number != number + 1:
        return True
    return chained(chain_key, before, entry.number, entry.event) == entry.chain


def _end(last: int, head: JournalEnd | None) -> Iterator[Fault]:
    if head is None and last:
        yield Fault(last, last, "how far the journal reached is not written down any more")
    elif head is not None and head.number > last:
        yield Fault(last + 1, head.number, "missing: the end of the journal was cut off")
