"""The lock of a state as the `http` backend takes it: nothing but the record, and proved by its ID.

Basic authentication cannot tell two processes of one user apart, so here the ID of the lock says who
its holder is: Terraform sends it with every write, and the whole document to unlock. Sources:
Terraform's `internal/backend/remote-state/http/client.go`, and OpenTofu's, whose force-unlock sends a
document with nothing but the ID.
"""

from msgspec.structs import replace

from holdfast.engine.state_records import HeldLock, PastLock, State
from holdfast.rules.one_lock import Note, OneLock
from holdfast.rules.places import HTTP, StateName
from holdfast.rules.waiting import told
from holdfast.server.judging import JudgedWriter, Locked, Refusal
from holdfast.terraform.lockinfo import LockInfo, parse

_LONGEST_SHOWN = 64  # characters of an ID that may be anything
_LATEST = 8  # past locks among which one that was released a moment ago is looked for


class HttpLock:
    """Takes and releases locks over HTTP, and holds writes to the ID that they name."""

    def __init__(self, lock: OneLock, note: Note) -> None:
        """Join the lock of all protocols, and what writes into the journal."""
        self._lock = lock
        self._note = note

    def take(self, tx: JudgedWriter, name: StateName, document: bytes) -> Locked | Refusal | None:
        """Take a lock; None if it is taken, or was by this very document of this principal."""
        if not self._lock.is_document(document):
            return _no_document(name)
        verdict = self._lock.take(tx, name, HTTP, document, present=True)
        if not isinstance(verdict, Refusal):
            return None
        held = self._lock.refused_by(tx, name)
        if held is None:
            return verdict
        return Locked(self._lock.document(tx, name, held))

    def release(self, tx: JudgedWriter, name: StateName, document: bytes) -> Refusal | None:
        """Release the lock that a document names; whatever lock there is if it is empty.

        Who sends it again, because the answer was lost, finds it released.
        """
        if document and not self._lock.is_document(document):
            return _no_document(name)
        info = parse(document) if document else None
        state, held = self._held(tx, name)
        if held is None or (info is not None and info.id != held.id):
            if info is None or self._released_by_caller(tx, name, info):
                return None
            return Refusal("one_lock", self._not_the_lock(tx, name, info.id, held))
        forced = info is None or _bare(info) or held.principal != tx.caller.arn
        self._lock.end(tx, name, state, held, HTTP, forced=forced)
        return None

    def refused(self, tx: JudgedWriter, name: StateName) -> Refusal | None:
        """Refuse a write that names a lock which is not held: somebody else may have it by now.

        Also one of the very bytes that are stored: Terraform sends these if its first write of a state
        finds that another has made one, and its user has to hear that what was applied is not in it.
        """
        given = tx.caller.lock_id
        _, held = self._held(tx, name)
        if held is not None and held.id == given:
            return None
        reason = self._not_the_lock(tx, name, given, held)
        about = {**name.named, "lock_id": given}
        self._note(tx, "write-refused", {**about, "rule": "one_lock", "reason": reason})
        return Refusal("one_lock", reason, keep_aside=True, facts={"reason": reason})

    def _held(self, tx: JudgedWriter, name: StateName) -> tuple[State, HeldLock | None]:
        state = tx.get(State, *name) or State(bucket=name.bucket, key=name.key)
        held = self._lock.still_held(tx, name, state, HTTP)
        if held is None and state.lock is not None:
            state = replace(state, lock=None)
            tx.put(state)
        return state, held

    def _not_the_lock(
        self, tx: JudgedWriter, name: StateName, given: str, held: HeldLock | None
    ) -> str:
        """Return why an ID is not that of the lock, and what to do."""
        said = f"The lock ID {given[:_LONGEST_SHOWN]} is not that of a lock on {name}."
        past = next((one for one in _past(tx, name) if one.id == given), None)
        if past is not None and past.ended_by:
            said = (
                f"The lock {given[:_LONGEST_SHOWN]} on {name} was {past.ended} by {past.ended_by}."
            )
        if held is not None:
            return f"{said} {told(name, held, tx.now)}"
        return f"{said} Nobody holds its lock now. Plan again, with locking on."

    @staticmethod
    def _released_by_caller(tx: JudgedWriter, name: StateName, info: LockInfo) -> bool:
        """Say whether the caller has released this lock before; a holder, in the usual way."""
        ended = ("released", "forced") if _bare(info) else ("released",)
        return any(
            past.id == info.id and past.ended in ended and past.ended_by == tx.caller.arn
            for past in _past(tx, name)
        )


def _past(tx: JudgedWriter, name: StateName) -> list[PastLock]:
    return list(tx.scan(PastLock, *name, limit=_LATEST, reverse=True))


def _bare(info: LockInfo) -> bool:
    """Say whether a document has nothing but an ID, as `tofu force-unlock` sends it."""
    return not (info.who or info.operation)


def _no_document(name: StateName) -> Refusal:
    return Refusal(
        "lock_document",
        f"What was sent is no lock document, so nothing about the lock of {name} has changed: a JSON "
        "object with an ID, as Terraform sends it.",
    )
