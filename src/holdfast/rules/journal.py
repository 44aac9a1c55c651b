"""The journal: what happened to states and to those who may touch them, entry chained to entry.

The chain of an entry is a MAC over the chain of the one before, its number and its event, under a key
that is derived from the root key. Whoever can write the database but has no root key can change,
insert, drop or reorder nothing unnoticed; `journal_head` is for what they might cut off at the end.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.engine.journal_end import JournalEnd, journal_end
from holdfast.engine.state_records import JournalEntry
from holdfast.rules import journal_head
from holdfast.rules.tools import tool_of
from holdfast.server.judging import JudgedWriter

KEY_PURPOSE = "journal"
"""For `Vault.derived`: what the key of the chain is for."""

_LONGEST = 1024  # characters of a text; as long as a key of S3
_encode = msgspec.json.Encoder().encode


def append(tx: JudgedWriter, chain_key: bytes, what: str, details: Mapping[str, Any]) -> int:
    """Write an entry, in the name of the caller and at the time of the request.

    Args:
        tx: the transaction of what is written down, so that neither is kept without the other.
        chain_key: 32 bytes, `Vault.derived(KEY_PURPOSE)`.
        what: what happened, such as `lock-taken`.
        details: more about it, in JSON's types: bucket, key, state, lock_id, who, ... Long texts are
            cut. A name that every entry has (`at`, `what`, `principal`, ...) is not to be among them.

    Returns:
        The number of the entry.
    """
    caller = tx.caller
    event = {
        "at": moment(tx.now),
        "what": what,
        "principal": caller.arn,
        "access_key_id": caller.access_key_id,
        "address": caller.address,
        "tool": tool_of(caller.user_agent),
        **details,
    }
    text = _encode(event)
    if len(text) > _LONGEST:  # else none of its texts is
        text = _encode({**event, **{name: _cut(value) for name, value in details.items()}})
    end = journal_end(tx)
    number = end.number + 1
    chain = chained(chain_key, end.chain, number, text)
    tx.put(JournalEntry(number=number, event=text, chain=chain))
    if number == 1:  # from now on there is a head, or one was taken away
        journal_head.keep(tx, chain_key, JournalEnd(number, chain))
    return number


def _cut(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


def chained(chain_key: bytes, before: bytes, number: int, event: bytes) -> bytes:
    """Return the chain of an entry: 32 bytes.

    Args:
        chain_key: 32 bytes.
        before: the chain of the entry before; `NO_CHAIN` if there is none.
        number: of the entry, from 1.
        event: JSON.
    """
    return hmac.digest(chain_key, before + number.to_bytes(8, "big") + event, "sha256")


def moment(at: datetime) -> str:
    """Return a time as RFC 3339 with microseconds, in UTC, so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
