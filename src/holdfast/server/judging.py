"""What rules are to the server: asked within the transaction of the write that they judge.

The server works without any (`NoRules`). Those that know what a state is live above it; they see its
records through the transaction, and reach objects and items through `Stores`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from holdfast.engine.port import Writer
from holdfast.engine.state_records import State
from holdfast.server.caller import Caller

# The bucket in which the bodies of refused writes are kept; what is in it is not judged.
REFUSED_BUCKET = "holdfast-refused"

Attributes = Mapping[str, Any]  # an item, in DynamoDB's JSON


class Judged(Protocol):
    """The facts of the request that a transaction belongs to."""

    @property
    def now(self) -> datetime:
        """The time of the request, aware."""

    @property
    def caller(self) -> Caller:
        """Who calls."""

    def may_write(self, bucket: str, key: str) -> bool:
        """Say whether the caller may write the state under a key, whatever it asks for now."""


class JudgedWriter(Judged, Writer, Protocol):
    """A transaction of a write that is judged."""


class JudgedReader(Judged, Protocol):
    """A snapshot that is read for a request."""

    def get(self, kind: Any, *key: Any) -> Any:
        """See `Reader.get`."""


class Refusal(msgspec.Struct, frozen=True):
    """A rule says no. What the rules wrote down about it in the transaction is kept all the same."""

    rule: str  # its name: one_lock, fence, digest
    message: str  # for the client: what was compared, and what to do next
    keep_aside: bool = False  # the body is kept, so that nothing of its maker is lost
    facts: Mapping[str, str] = {}  # what is noted with a body that is kept


class Locked(msgspec.Struct, frozen=True):
    """Another holds the lock that is asked for."""

    document: bytes  # its lock document, byte for byte


class Done(msgspec.Struct, frozen=True):
    """What is asked for has been done before: answer so, and do nothing."""


DONE = Done()
Verdict = Refusal | Done | None
"""None: go on."""


class Inspector(Protocol):
    """Reads a body while it arrives, before any transaction."""

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next bytes."""

    def finish(self) -> Any:
        """Return what the rules want to know of the whole; the server only carries it."""


class ObjectPut(msgspec.Struct, frozen=True):
    """An object that is about to be written."""

    bucket: str
    key: str
    size: int  # bytes
    md5: str = ""  # of its bytes, hexadecimal; empty: not known
    facts: Any = None  # as an inspector returned it


class ObjectChange(msgspec.Struct, frozen=True):
    """What the newest version of a key has become."""

    bucket: str
    key: str
    order: int | None  # of the newest version; None: there is no object any more
    version_id: str = ""
    md5: str = ""  # of its bytes, hexadecimal; empty: not known
    facts: Any = None  # as an inspector returned it; None: not known
    size: int = 0  # bytes


class ItemWrite(msgspec.Struct, frozen=True):
    """An item that is about to be written or deleted."""

    table: str
    key: str  # the value of its hash key
    item: Attributes | None  # None: it is deleted
    present: bool  # whether the table has one now


class Staleness(msgspec.Struct, frozen=True):
    """Whether the holder of a lock looks gone."""

    looks_dead: bool
    percent: int  # how much speaks for it, 0 to 99; nothing proves it
    quiet_seconds: float  # since something was heard of the holder
    reasons: tuple[str, ...]  # sentences


class Rules(Protocol):
    """What the server asks. Each takes the transaction of the request."""

    item_key: str
    """The hash key, of type S, of the tables whose items are judged."""

    def inspector(self, bucket: str, key: str, size: float) -> Inspector | None:
        """Return what reads a body of so many bytes for this key; None if it need not be read."""

    def put_object(self, tx: JudgedWriter, put: ObjectPut) -> Verdict:
        """Judge a write of an object, before its conditions are looked at."""

    def object_changed(self, tx: JudgedWriter, change: ObjectChange) -> None:
        """Follow what became of an object, whatever route changed it."""

    def delete_object(
        self, tx: JudgedWriter, bucket: str, key: str, version_id: str | None
    ) -> Verdict:
        """Judge the deletion of an object, or of one version of it."""

    def shown_object(self, tx: JudgedReader, bucket: str, key: str) -> bytes | None:
        """Return what to show under a key instead of its object, if it has one; None: what there is."""

    def take_lock(
        self, tx: JudgedWriter, bucket: str, key: str, document: bytes
    ) -> Locked | Refusal | None:
        """Take the lock of a state, by the lock document; None if it is the caller's now."""

    def release_lock(
        self, tx: JudgedWriter, bucket: str, key: str, document: bytes
    ) -> Refusal | None:
        """Release the lock with the document's ID; whatever lock there is if it is empty."""

    def write_item(self, tx: JudgedWriter, write: ItemWrite) -> Verdict:
        """Judge a write of an item of a table with `item_key`, before its condition if it puts one."""

    def shown_item(
        self, tx: JudgedReader, table: str, key: str, *, to_delete: bool = False
    ) -> Attributes | None:
        """Return what to show for a key instead of its item, if it has one; None: what there is.

        `to_delete`: it is the condition of a deletion that is compared with it.
        """

    def may_finish(
        self, tx: JudgedReader, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return what to note if a session that has expired does this; None: it may not.

        It may end what it holds the lock for. Nothing is noted of an empty answer.
        """

    def modes(self, tx: JudgedReader, bucket: str, key: str) -> Mapping[str, str]:
        """Say how strictly each rule is held for a key; see `rule_modes`."""

    def outputs_only(self, body: bytes) -> bytes | None:
        """Return a state reduced to its outputs; None if it is none that can be."""

    def seen(self, caller: Caller, now: datetime) -> None:
        """Take note that somebody makes a request; called for every one, so it has to cost nothing."""

    def staleness(self, tx: JudgedReader, state: State) -> Staleness | None:
        """Say whether the lock of a state looks dead; None if nothing is left of it."""

    def release_dead(self, tx: JudgedWriter, state: State, quiet: timedelta) -> bool:
        """Release a lock that looks dead and whose holder was not heard of for so long; say if so."""

    def note(self, tx: JudgedWriter, what: str, details: Mapping[str, Any]) -> None:
        """Write into the journal what was done, such as `user-created`, in the name of the caller."""


class NoRules:
    """A server without rules."""

    item_key = ""

    def inspector(self, _bucket: str, _key: str, _size: float) -> Inspector | None:
        """Read nothing."""
        return None

    def put_object(self, _tx: JudgedWriter, _put: ObjectPut) -> Verdict:
        """Go on."""
        return None

    def object_changed(self, _tx: JudgedWriter, _change: ObjectChange) -> None:
        """Follow nothing."""

    def delete_object(
        self, _tx: JudgedWriter, _bucket: str, _key: str, _version_id: str | None
    ) -> Verdict:
        """Go on."""
        return None

    def shown_object(self, _tx: JudgedReader, _bucket: str, _key: str) -> bytes | None:
        """Show what there is."""
        return None

    def take_lock(
        self, _tx: JudgedWriter, _bucket: str, _key: str, _document: bytes
    ) -> Locked | Refusal | None:
        """Refuse: only rules keep locks that are neither objects nor items."""
        return Refusal("no_rules", "This server keeps no locks over HTTP.")

    def release_lock(
        self, _tx: JudgedWriter, _bucket: str, _key: str, _document: bytes
    ) -> Refusal | None:
        """Refuse: there are none."""
        return Refusal("no_rules", "This server keeps no locks over HTTP.")

    def write_item(self, _tx: JudgedWriter, _write: ItemWrite) -> Verdict:
        """Go on."""
        return None

    def shown_item(
        self, _tx: JudgedReader, _table: str, _key: str, *, to_delete: bool = False
    ) -> Attributes | None:
        """Show what there is."""
        del to_delete
        return None

    def may_finish(
        self, _tx: JudgedReader, _operation: str, _params: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Let nobody."""
        return None

    def modes(self, _tx: JudgedReader, _bucket: str, _key: str) -> Mapping[str, str]:
        """There are none."""
        return {}

    def outputs_only(self, _body: bytes) -> bytes | None:
        """Know no state."""
        return None

    def seen(self, _caller: Caller, _now: datetime) -> None:
        """Take note of nothing."""

    def staleness(self, _tx: JudgedReader, _state: State) -> Staleness | None:
        """There are no locks."""
        return None

    def release_dead(self, _tx: JudgedWriter, _state: State, _quiet: timedelta) -> bool:
        """There are no locks."""
        return False

    def note(self, _tx: JudgedWriter, _what: str, _details: Mapping[str, Any]) -> None:
        """Write nothing."""


class Stores(Protocol):
    """How rules reach objects and items, within the transaction at hand."""

    def read_object(self, tx: Any, bucket: str, key: str) -> bytes | None:
        """Return the newest version's bytes; None if there is none, or only its owner can open it."""

    def has_object(self, tx: Any, bucket: str, key: str) -> bool:
        """Say whether there is an object."""

    def drop_object(self, tx: Any, bucket: str, key: str) -> None:
        """Delete an object, as a DELETE without a version does."""

    def read_item(self, tx: Any, table: str, key: str) -> Attributes | None:
        """Return an item by the value of its hash key."""

    def put_item(self, tx: Any, table: str, key: str, texts: Mapping[str, str]) -> None:
        """Write an item of texts besides its hash key; nothing happens if there is no such table."""

    def drop_item(self, tx: Any, table: str, key: str) -> None:
        """Delete an item, if it is there."""

    def seal(self, tx: Any, plain: bytes, *bound_to: str) -> bytes:
        """Encrypt under the root key."""

    def unseal(self, tx: Any, sealed: bytes, *bound_to: str) -> bytes:
        """Decrypt what `seal` made."""
