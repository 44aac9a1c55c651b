"""What is sent: an event as JSON, with a sentence for people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from holdfast.engine.state_records import HeldLock, JournalEntry
from holdfast.server.webhooks.events import LOCK_HELD

_SENTENCES = {
    LOCK_HELD: "The lock of {state} has been held for {minutes} minutes",
    "lock-forced": "The lock of {state} was forced open",
    "lock-stale": "The lock of {state} looked dead and was released",
    "lock-taken": "The lock of {state} was taken",
    "lock-released": "The lock of {state} was released",
    "write-refused": "A write of {state} was refused",
    "write-warned": "A write of {state} was done although a rule warns of it",
    "state-written": "{state} was written",
    "state-deleted": "{state} was deleted",
    "state-restored": "{state} was restored",
    "state-rewound": "{state} was taken back to an older serial",
}


class Message(msgspec.Struct, frozen=True):
    """Something to tell a receiver."""

    id: str  # the same over all attempts
    event: str
    body: bytes  # JSON


def of_entry(entry: JournalEntry, event: Mapping[str, Any]) -> Message:
    """Return what is sent of an entry of the journal.

    Args:
        entry: the entry.
        event: decoded from it.
    """
    return _message(f"{entry.number}", event["what"], {"number": entry.number, **event})


def of_lock(bucket: str, key: str, lock: HeldLock, now: datetime) -> Message:
    """Return what is sent of a lock that is held too long."""
    held = (now - lock.since).total_seconds()
    return _message(
        f"{LOCK_HELD}-{lock.id}",
        LOCK_HELD,
        {
            "at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "what": LOCK_HELD,
            "principal": lock.principal,
            "address": lock.address,
            "tool": lock.tool,
            "bucket": bucket,
            "key": key,
            "state": f"{bucket}/{key}",
            "lock_id": lock.id,
            "who": lock.who,
            "operation": lock.operation,
            "since": lock.since.isoformat().replace("+00:00", "Z"),
            "held_seconds": int(held),
            "waiters": [waiter.who or waiter.principal for waiter in lock.waiters],
        },
    )


def _message(name: str, kind: str, details: Mapping[str, Any]) -> Message:
    document = {"id": name, "event": kind, "text": _text(kind, details), "details": details}
    return Message(name, kind, msgspec.json.encode(document))


def _text(kind: str, details: Mapping[str, Any]) -> str:
    """Return a sentence; chat programs show the member `text`."""
    minutes = int(details.get("held_seconds", 0)) // 60
    sentence = _SENTENCES.get(kind, kind)
    known = {"state": details.get("state", ""), "minutes": minutes}
    said = sentence.format_map(known)
    if "{state}" not in sentence and details.get("state"):
        said += f": {details['state']}"
    by = str(details.get("principal", "")).rpartition(":")[2]
    said += f", by {by}" if by else ""
    more = [str(details[name]) for name in ("who", "operation", "rule") if details.get(name)]
    return f"{said} ({', '.join(more)})" if more else said
