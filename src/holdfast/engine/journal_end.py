"""Where the journal ends, also when its newest entry is damaged: writes of states go on."""

import msgspec

from holdfast.engine.port import Reader
from holdfast.engine.sql import CorruptRecord
from holdfast.engine.state_records import JournalEntry

NO_CHAIN = bytes(32)
"""Stands for the chain of an entry that is not there, or that cannot be read."""


class JournalEnd(msgspec.Struct, frozen=True):
    """The newest entry."""

    number: int  # 0: there is none
    chain: bytes


def journal_end(tx: Reader) -> JournalEnd:
    """Return where the journal ends."""
    try:
        last = tx.last(JournalEntry)
    except CorruptRecord as damaged:
        return JournalEnd(damaged.key[0], NO_CHAIN)
    return JournalEnd(0, NO_CHAIN) if last is None else JournalEnd(last.number, last.chain)
