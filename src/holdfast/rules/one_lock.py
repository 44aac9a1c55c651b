"""One lock for each state, wherever it is taken: in a lock table, as a lock file, over HTTP.

What is known of a lock stands in the `State` record. The item and the file are kept as well, by the
handlers that write them, so that every tool sees the lock in the way it was taken; whoever looks
elsewhere is shown the same document there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from holdfast.engine.access_records import Session
from holdfast.engine.state_records import HeldLock, Leaving, State
from holdfast.rules.giving_back import GivingBack, on_record, still_on_record
from holdfast.rules.past_locks import PastLocks
from holdfast.rules.places import HTTP, INFO, S3, StateName, table_of, table_place, with_table
from holdfast.rules.recent import Recent
from holdfast.rules.repeated import Repeated
from holdfast.rules.tools import gives_back_all, is_terraform, tool_of
from holdfast.rules.waiting import told, told_late, told_leaving, with_waiter
from holdfast.server.judging import DONE, JudgedReader, JudgedWriter, Refusal, Stores, Verdict
from holdfast.terraform.lockinfo import LockInfo, NotALockDocument, parse

_RENEWED_BEFORE = timedelta(minutes=15)  # how long before its end clients renew a session

Note = Callable[[JudgedWriter, str, Mapping[str, Any]], None]
Lost = Callable[[JudgedWriter, StateName, HeldLock], None]


class OneLock:
    """Takes, shows and releases the locks of states."""

    def __init__(
        self, stores: Stores, recent: Recent, giving_back: GivingBack, note: Note, lost: Lost
    ) -> None:
        """Join what it needs.

        Args:
            stores: how items and files are reached.
            recent: what was told lately.
            giving_back: which locks are given back in one place after the other.
            note: writes into the journal.
            lost: is told which lock a session lost to somebody else.
        """
        self._lost = lost
        self._stores = stores
        self._recent = recent
        self._giving_back = giving_back
        self._note = note
        self._past = PastLocks()
        self._repeated = Repeated()

    # ---- taking --------------------------------------------------------------------------------

    def take(
        self, tx: JudgedWriter, name: StateName, place: str, document: bytes, *, present: bool
    ) -> Verdict:
        """Judge the taking of a lock, and write down what comes of it.

        Args:
            tx: the transaction that takes it.
            name: the state.
            place: where it is taken.
            document: the lock document.
            present: whether there is one in this place now, whoever's.
        """
        state = tx.get(State, *name) or State(bucket=name.bucket, key=name.key)
        held = self.still_held(tx, name, state, place)
        self._giving_back.recall(name, state, tx.now)
        if held is None:
            leaving = self._giving_back.keeps_out(name, tx.now)
            if leaving is not None:
                return self._refuse(tx, name, place, leaving, document, told_leaving(name, leaving))
            lock_id = parse(document).id
            if self._repeated.is_late(tx, name, place, lock_id):
                return Refusal("one_lock", told_late(name, lock_id))
            self._repeated.tried(name, place, tx.caller, lock_id)
            self._begin(tx, name, state, place, document)
            return None
        if held.principal == tx.caller.arn and self.document(tx, name, held) == document:
            self._repeated.tried(name, place, tx.caller, held.id)
            return self._again(tx, state, held, place, present=present)
        caller, info = tx.caller, parse(document)
        waiters = with_waiter(held.waiters, caller.arn, caller.address, info, tx.now)
        tx.put(replace(state, lock=replace(held, waiters=waiters)))
        return self._refuse(tx, name, place, held, document, told(name, held, tx.now))

    def _begin(
        self, tx: JudgedWriter, name: StateName, state: State, place: str, document: bytes
    ) -> None:
        info = parse(document)
        caller = tx.caller
        self._giving_back.taken(name, caller.access_key_id)
        lock = HeldLock(
            id=info.id,
            document=self._stores.seal(tx, document, "lock", *name),
            who=info.who,
            operation=info.operation,
            tool=tool_of(caller.user_agent),
            since=tx.now,
            principal=caller.arn,
            access_key_id=caller.access_key_id,
            address=caller.address,
            places=(place,),
        )
        self._recent.shown(name, place, caller.access_key_id, info.id, tx.now)
        tables = with_table(state.tables, place)
        before = still_on_record(state.leaving, tx.now)
        tx.put(replace(state, lock=lock, leaving=before, tables=tables))
        self._note(tx, "lock-taken", {**_about(name, info), "place": place})

    def _again(
        self, tx: JudgedWriter, state: State, held: HeldLock, place: str, *, present: bool
    ) -> Verdict:
        """The same lock once more: sent again after a lost answer, or taken in another place too."""
        if place in held.places:
            return DONE if present else None
        lock = replace(held, places=(*held.places, place))
        tx.put(replace(state, lock=lock, tables=with_table(state.tables, place)))
        return None

    def _refuse(
        self,
        tx: JudgedWriter,
        name: StateName,
        place: str,
        held: HeldLock,
        document: bytes,
        said: str,
    ) -> Refusal:
        key_id, waits = tx.caller.access_key_id, is_terraform(tx.caller.user_agent)
        self._recent.refused(name, place, key_id, held.document, tx.now, waits=waits)
        info = parse(document)
        self._repeated.tried(name, place, tx.caller, info.id)
        about = {**_about(name, info), "place": place}
        self._note(tx, "lock-refused", {**about, "held_by": held.who, "held_id": held.id})
        return Refusal("one_lock", said)

    def refused_by(self, tx: JudgedReader, name: StateName) -> HeldLock | None:
        """Return the lock that keeps others from taking one: held, or just being given back."""
        state: State | None = tx.get(State, *name)
        if state is not None and state.lock is not None:
            return state.lock
        return self._giving_back.keeps_out(name, tx.now)

    def still_held(
        self, tx: JudgedWriter, name: StateName, state: State, place: str
    ) -> HeldLock | None:
        """Return the lock that is held, if something of it is left.

        Of a lock an item may have ended by its time to live, or a table may be gone.
        """
        held = state.lock
        if held is None:
            return self._found(tx, name, state, place)
        if self.is_left(tx, name, held):
            return held
        self._past.keep(tx, name, held, "vanished", "")
        self._note(tx, "lock-vanished", {**name.named, "lock_id": held.id, "who": held.who})
        return None

    def is_left(self, tx: JudgedReader, name: StateName, held: HeldLock) -> bool:
        """Say whether something of a lock is in one of its places."""
        return any(self._document_in(tx, name, there) is not None for there in held.places)

    def _found(
        self, tx: JudgedWriter, name: StateName, state: State, place: str
    ) -> HeldLock | None:
        """Return a lock that was taken elsewhere while nobody looked: before there were rules."""
        for there in (S3, *map(table_place, state.tables)):
            document = None if there == place else self._document_in(tx, name, there)
            if document and self.is_document(document):
                info = parse(document)
                return HeldLock(
                    id=info.id,
                    document=self._stores.seal(tx, document, "lock", *name),
                    who=info.who,
                    operation=info.operation,
                    since=info.since or tx.now,
                    principal="",
                    access_key_id="",
                    places=(there,),
                )
        return None

    def _document_in(self, tx: JudgedReader, name: StateName, place: str) -> bytes | None:
        """Return what is in a place, if anything is; of HTTP there is only the record."""
        if place == S3:
            if not self.has_file(tx, name):
                return None
            return self._stores.read_object(tx, name.bucket, name.lock_file_key) or b""
        table = table_of(place)
        if not table:
            return b""
        item = self._stores.read_item(tx, table, name.lock_id)
        return None if item is None else str(item.get(INFO, {}).get("S", "")).encode()

    def forget(self, tx: JudgedWriter, name: StateName) -> None:
        """Drop what is on record of a lock, where the places are to stand by themselves."""
        state = tx.get(State, *name)
        if state is not None and state.lock is not None:
            tx.put(replace(state, lock=None))

    def warn(self, tx: JudgedWriter, name: StateName, place: str, document: bytes) -> None:
        """Write down that a lock is taken beside another one, in another place."""
        state = tx.get(State, *name) or State(bucket=name.bucket, key=name.key)
        tx.put(replace(state, tables=with_table(state.tables, place)))
        other = self._found(tx, name, state, place)
        if other is not None and other.id != parse(document).id:
            about = {**_about(name, parse(document)), "place": place, "rule": "one_lock"}
            self._note(tx, "write-warned", {**about, "held_by": other.who, "held_id": other.id})

    # ---- releasing -----------------------------------------------------------------------------

    def release(self, tx: JudgedWriter, name: StateName, place: str) -> Verdict:
        """Judge the deletion of a lock in one place; what is elsewhere of it goes too.

        `DONE` says that what the caller means to delete is gone already.
        """
        key_id = tx.caller.access_key_id
        state = tx.get(State, *name)
        if self._repeated.release(state, name, place, tx.caller) is not None:
            return DONE
        self._giving_back.recall(name, state, tx.now)
        left = self._giving_back.end(name, place, key_id, tx.now)
        if left is not None:
            self._repeated.released(name, place, tx.caller, left)
            return DONE
        held = state.lock if state is not None else None
        if state is None or held is None:
            return None
        if self._recent.means_another(name, place, key_id, held.id, tx.now):
            about = {**name.named, "lock_id": held.id, "place": place}
            self._note(tx, "unlock-ignored", about)
            return DONE
        state = replace(state, leaving=self._remember(tx, name, held, place))
        self._repeated.released(name, place, tx.caller, held)
        its_own = holds(tx, held) and _of_its_program(tx, held)
        self.end(tx, name, state, held, place, forced=not its_own)
        return None

    def _remember(self, tx: JudgedWriter, name: StateName, held: HeldLock, place: str) -> Leaving:
        """Remember what a client of several places reads in the next one: the lock it gave back.

        Terraform gives back the lock file first. Where the lock was in one place only, that was by a
        client that breaks the lock of another, and reads the table next.
        """
        caller = tx.caller
        others = [other for other in held.places if other != place]
        if others and place in held.places:
            comes_back = gives_back_all(caller.user_agent) and holds(tx, held)
            return self._giving_back.begin(name, held, others, caller, tx.now, closed=comes_back)
        if place == S3:
            self._giving_back.gave_back(name, place, caller.access_key_id, held.document, tx.now)
        return on_record(held, caller, tx.now)

    def end(
        self,
        tx: JudgedWriter,
        name: StateName,
        state: State,
        held: HeldLock,
        place: str,
        *,
        forced: bool,
        why_stale: Sequence[str] = (),
    ) -> None:
        """Release a lock everywhere but in the place whose item or file the caller changes.

        `why_stale` says why it looks dead, if it is released for that.
        """
        tx.put(replace(state, lock=None))  # first: a lock file that goes would be a release as well
        for other in held.places:
            if other != place:
                self._drop(tx, name, other)
        ended = "stale" if why_stale else "forced" if forced else "released"
        if forced:
            self._lost(tx, name, held)
        self._past.keep(tx, name, held, ended, tx.caller.arn)
        about = {
            **name.named,
            "lock_id": held.id,
            "who": held.who,
            "operation": held.operation,
            "place": place,
        }
        if why_stale:
            about["reason"] = " ".join(why_stale)
        self._note(tx, f"lock-{ended}", about)

    def _drop(self, tx: JudgedWriter, name: StateName, place: str) -> None:
        if place == S3:
            self._stores.drop_object(tx, name.bucket, name.lock_file_key)
        elif table := table_of(place):
            self._stores.drop_item(tx, table, name.lock_id)

    def has_file(self, tx: JudgedReader, name: StateName) -> bool:
        """Say whether a state has a lock file."""
        return self._stores.has_object(tx, name.bucket, name.lock_file_key)

    def file_gone(self, tx: JudgedWriter, name: StateName) -> None:
        """Release a lock whose file was removed by other means than a deletion that was judged."""
        state = tx.get(State, *name)
        if state is not None and state.lock is not None and S3 in state.lock.places:
            self.end(tx, name, state, state.lock, S3, forced=True)

    # ---- showing -------------------------------------------------------------------------------

    def shown(
        self, tx: JudgedReader, name: StateName, place: str, *, to_delete: bool = False
    ) -> bytes | None:
        """Return the lock document to show in a place instead of what is there; None: what is there.

        Shown are a lock that is held elsewhere, and, just after it was released, the lock that the
        caller was refused by, or gave back in another place.
        """
        key_id, now = tx.caller.access_key_id, tx.now
        state: State | None = tx.get(State, *name)
        released = self._repeated.release(state, name, place, tx.caller)
        if released is not None:  # it is the condition of a deletion that was carried out
            return self.document(tx, name, released)
        comes = gives_back_all(tx.caller.user_agent)
        self._giving_back.recall(name, state, now)
        leaving = self._giving_back.read(name, place, key_id, now, comes=comes)
        if leaving is not None:
            self._recent.shown(name, place, key_id, leaving.id, now)
            return self.document(tx, name, leaving)
        # Terraform reads a lock after a refusal, or to give it back. Others may look for any reason.
        waits = is_terraform(tx.caller.user_agent)
        gone = self._recent.read_after_refusal(name, place, key_id, now, waits=waits)
        if state is None or state.lock is None:
            # A deletion on condition means no other lock than the one that is gone.
            if gone is None and (to_delete or waits):
                gone = self._giving_back.read_elsewhere(name, place, key_id, now)
            if gone is None:
                return None
            document = self._opened(tx, name, gone)
            self._recent.shown(name, place, key_id, parse(document).id, now)
            return document
        held = state.lock
        self._recent.shown(name, place, key_id, held.id, now)
        return None if place in held.places else self.document(tx, name, held)

    @staticmethod
    def is_document(text: bytes) -> bool:
        """Say whether a text is a lock document."""
        try:
            parse(text)
        except NotALockDocument:
            return False
        return True

    def document(self, tx: Any, name: StateName, held: HeldLock) -> bytes:
        """Return the document of a lock, byte for byte as its holder wrote it."""
        return self._opened(tx, name, held.document)

    def _opened(self, tx: Any, name: StateName, sealed: bytes) -> bytes:
        return self._stores.unseal(tx, sealed, "lock", *name)


def holds(tx: JudgedReader | JudgedWriter, held: HeldLock) -> bool:
    """Say whether the caller's session is the one that holds a lock.

    A client that renews its credentials in the middle of an apply goes on with another session of the
    same principal; so one of those counts as the holder once the session that took the lock has ended
    or is about to. Who names a lock by its ID holds that one.
    """
    caller = tx.caller
    if caller.lock_id or HTTP in held.places:  # whose holder names it with every write
        return caller.lock_id == held.id
    if caller.access_key_id == held.access_key_id:
        return True
    if caller.arn != held.principal or not held.access_key_id.startswith("ASIA"):
        return False
    session: Session | None = tx.get(Session, held.access_key_id)
    return session is None or session.expires - _RENEWED_BEFORE <= tx.now


def took(tx: JudgedWriter, held: HeldLock) -> bool:
    """Say whether the caller may be the very process that took a lock: by its key and its program."""
    return tx.caller.access_key_id == held.access_key_id and _of_its_program(tx, held)


def _of_its_program(tx: JudgedWriter, held: HeldLock) -> bool:
    return not held.tool or held.tool == tool_of(tx.caller.user_agent)


def _about(name: StateName, info: LockInfo) -> dict[str, Any]:
    return {
        **name.named,
        "lock_id": info.id,
        "who": info.who,
        "operation": info.operation,
    }
