"""What is kept of states: what is known of each, its lock, the locks before, and the journal."""

from datetime import datetime
from typing import ClassVar

import msgspec

from holdfast.engine.record import Record


class Waiter(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose attempts to take a lock were refused while another held it."""

    principal: str  # ARN
    address: str = ""
    who: str = ""  # as its lock document says
    operation: str = ""
    first: datetime
    last: datetime
    attempts: int = 1


class HeldLock(msgspec.Struct, frozen=True, kw_only=True):
    """The lock of a state while it is held."""

    id: str  # of the lock document
    document: bytes  # the lock document, byte for byte as it was written; sealed
    who: str = ""
    operation: str = ""
    tool: str = ""  # name and version of the program that took it
    since: datetime
    principal: str  # ARN of who took it
    access_key_id: str  # of the credentials that took it: tells sessions of one user apart
    address: str = ""
    places: tuple[str, ...]  # where it was taken: "s3", "http", "dynamodb:TABLE"
    last_write: datetime | None = None  # of the state, by its holder
    waiters: tuple[Waiter, ...] = ()


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """A lock that was given back, maybe in one place only so far."""

    held: HeldLock
    places: tuple[str, ...]  # the others, where its holder is about to
    at: datetime
    access_key_id: str  # of who gives it back
    request: str = ""  # amz-sdk-invocation-id; by it the request is known if it is sent again


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to write a state once although a rule refuses it."""

    by: str  # ARN
    reason: str = ""
    granted: datetime
    until: datetime


class State(Record, frozen=True, kw_only=True):
    """What is known of the state under a key: of its newest version, its lock, its tables."""

    kind: ClassVar[str] = "state"
    key_fields: ClassVar[tuple[str, ...]] = ("bucket", "key")
    followed: ClassVar[bool] = True

    bucket: str
    key: str
    order: int | None = None  # of the version that this is about; None: there is no state
    md5: str = ""  # of its bytes, hexadecimal
    serial: int | None = None
    lineage: str = ""
    resources: int | None = None  # instances that it manages; None: not known, as in encrypted ones
    tables: tuple[str, ...] = ()  # that have or had an item of this state: its lock or its digest
    lock: HeldLock | None = None
    leaving: Leaving | None = None  # the lock before
    override: Override | None = None


class PastLock(Record, frozen=True, kw_only=True):
    """A lock that was held and is no more."""

    kind: ClassVar[str] = "past_lock"
    key_fields: ClassVar[tuple[str, ...]] = ("bucket", "key", "at")

    bucket: str
    key: str
    at: int  # microseconds since the epoch, when it was released
    id: str
    who: str = ""
    operation: str = ""
    since: datetime
    principal: str
    places: tuple[str, ...] = ()
    ended: str = "released"  # or "forced", "stale"
    ended_by: str = ""  # ARN
    waiters: tuple[Waiter, ...] = ()


class JournalEntry(Record, frozen=True, kw_only=True):
    """One thing that happened. Each is chained to the one before."""

    kind: ClassVar[str] = "journal_entry"
    key_fields: ClassVar[tuple[str, ...]] = ("number",)
    grows: ClassVar[bool] = True

    number: int  # from 1, without gaps
    event: bytes  # JSON
    chain: bytes  # HMAC-SHA256 over the chain of the entry before, the number and the event
