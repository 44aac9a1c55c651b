"""The rules for states, as the server asks them. See `holdfast.server.judging.Rules`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from holdfast.engine.records import Object
from holdfast.engine.state_records import State
from holdfast.rules import journal
from holdfast.rules.activity import Activity
from holdfast.rules.digest import DigestFollows
from holdfast.rules.fencing import Fencing
from holdfast.rules.finishing import Finishing
from holdfast.rules.giving_back import GivingBack
from holdfast.rules.http_lock import HttpLock
from holdfast.rules.inspecting import Facts, inspector_of
from holdfast.rules.looking import Looking
from holdfast.rules.one_lock import OneLock
from holdfast.rules.outdated import OutdatedSessions
from holdfast.rules.outputs_only import outputs_only
from holdfast.rules.places import (
    INFO,
    LOCK_ID,
    S3,
    StateName,
    state_of_item,
    state_of_lock_file,
    table_place,
)
from holdfast.rules.recent import Recent
from holdfast.server.caller import Caller
from holdfast.server.judging import (
    REFUSED_BUCKET,
    Attributes,
    Inspector,
    ItemWrite,
    JudgedReader,
    JudgedWriter,
    Locked,
    ObjectChange,
    ObjectPut,
    Refusal,
    Staleness,
    Stores,
    Verdict,
)
from holdfast.server.rule_modes import AS_EVER, ENFORCE, OFF, WARN, Modes, Usual


class StateRules:
    """One lock, no lost update, a digest that cannot be wrong, and a journal of it all."""

    item_key = LOCK_ID

    def __init__(self, stores: Stores, chain_key: bytes, usual: Usual = AS_EVER) -> None:
        """Put the rules together.

        Args:
            stores: how objects and items are reached.
            chain_key: of the journal, 32 bytes.
            usual: the mode of every rule, where a bucket says nothing.
        """
        self._chain_key = chain_key
        self._outdated = OutdatedSessions()
        self._fencing = Fencing(self._outdated, self.note, usual)
        recent, giving_back = Recent(), GivingBack()
        self.lock = OneLock(stores, recent, giving_back, self.note, self._fencing.lost)
        self._finishing = Finishing(recent, giving_back)
        self._activity = Activity()
        self._looking = Looking(self.lock, self._activity)
        self._http = HttpLock(self.lock, self.note)
        self._digest = DigestFollows(stores)

    # ---- objects -------------------------------------------------------------------------------

    def inspector(self, bucket: str, key: str, _size: float) -> Inspector | None:
        """Return what reads a body that is written under a key; none of a refused write is read."""
        return None if bucket == REFUSED_BUCKET else inspector_of(key)

    def put_object(self, tx: JudgedWriter, put: ObjectPut) -> Verdict:
        """Judge a write of an object: a lock that is taken, or a state."""
        facts: Facts | None = put.facts
        lock_of = state_of_lock_file(put.bucket, put.key)
        if lock_of is not None:
            if facts is None or facts.kind != "lock":
                return None
            present = self.lock.has_file(tx, lock_of)
            return self._take(tx, lock_of, S3, facts.document, present=present)
        name = StateName(put.bucket, put.key)
        if tx.caller.lock_id and (refused := self._http.refused(tx, name)) is not None:
            return refused
        return self._fencing.put(tx, name, put)

    def object_changed(self, tx: JudgedWriter, change: ObjectChange) -> None:
        """Let the digest follow; a lock file that went by another way than a delete is a release."""
        lock_of = state_of_lock_file(change.bucket, change.key)
        if lock_of is not None:
            if change.order is None:
                self.lock.file_gone(tx, lock_of)
            return
        name = StateName(change.bucket, change.key)
        follows = self._fencing.modes(tx, name)["digest"] != OFF
        state = self._digest.follow(tx, name, change, follows=follows)
        if state is not None:
            self._note_change(tx, name, state, change)
            if change.order is not None:
                self._fencing.wrote(tx, name, change.order)

    def delete_object(
        self, tx: JudgedWriter, bucket: str, key: str, version_id: str | None
    ) -> Verdict:
        """Judge the deletion of an object: of a lock file it is the release of the lock."""
        lock_of = state_of_lock_file(bucket, key)
        if lock_of is not None:
            return None if version_id else self.lock.release(tx, lock_of, S3)
        name = StateName(bucket, key)
        newest = tx.get(Object, *name) if version_id else None
        if not version_id or (newest is not None and newest.version_id == version_id):
            refused = self._fencing.delete(tx, name)
            if refused is not None:
                return refused
        if version_id and tx.get(State, *name) is not None:
            self.note(tx, "version-deleted", {**name.named, "version_id": version_id})
        return None

    def shown_object(self, tx: JudgedReader, bucket: str, key: str) -> bytes | None:
        """Show as a lock file a lock that was taken elsewhere."""
        lock_of = state_of_lock_file(bucket, key)
        if lock_of is None:
            self._outdated.read(bucket, key, tx.caller.access_key_id)
            self._activity.used(StateName(bucket, key), tx.caller, tx.now)
            return None
        return self.lock.shown(tx, lock_of, S3)

    # ---- locks over HTTP -----------------------------------------------------------------------

    def take_lock(
        self, tx: JudgedWriter, bucket: str, key: str, document: bytes
    ) -> Locked | Refusal | None:
        """Take the lock of a state."""
        return self._http.take(tx, StateName(bucket, key), document)

    def release_lock(
        self, tx: JudgedWriter, bucket: str, key: str, document: bytes
    ) -> Refusal | None:
        """Release the lock of a state."""
        return self._http.release(tx, StateName(bucket, key), document)

    # ---- items ---------------------------------------------------------------------------------

    def write_item(self, tx: JudgedWriter, write: ItemWrite) -> Verdict:
        """Judge a write of an item of a lock table: a lock, or a digest."""
        found = state_of_item(tx, write.key)
        if found is None or not _concerns(tx, found[0], write.table):
            return None
        name, is_digest = found
        if is_digest:
            mode = self._fencing.modes(tx, name)["digest"]
            if mode == OFF:
                return None
            return self._digest.write_item(tx, name, write, refuses=mode == ENFORCE)
        place = table_place(write.table)
        if write.item is None:
            return self.lock.release(tx, name, place)
        document = str(write.item.get(INFO, {}).get("S", "")).encode()
        if not self.lock.is_document(document):
            return None
        return self._take(tx, name, place, document, present=write.present)

    def shown_item(
        self, tx: JudgedReader, table: str, key: str, *, to_delete: bool = False
    ) -> Attributes | None:
        """Show as an item a lock that was taken elsewhere."""
        found = state_of_item(tx, key)
        if found is None or found[1] or not _concerns(tx, found[0], table):
            return None
        document = self.lock.shown(tx, found[0], table_place(table), to_delete=to_delete)
        if document is None:
            return None
        return {LOCK_ID: {"S": key}, INFO: {"S": document.decode()}}

    def _take(
        self, tx: JudgedWriter, name: StateName, place: str, document: bytes, *, present: bool
    ) -> Verdict:
        mode = self._fencing.modes(tx, name)["one_lock"]
        if mode == ENFORCE:
            return self.lock.take(tx, name, place, document, present=present)
        self.lock.forget(tx, name)
        if mode == WARN:
            self.lock.warn(tx, name, place, document)
        return None

    # ---- sessions, journal ---------------------------------------------------------------------

    def may_finish(
        self, tx: JudgedReader, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Let a session that has expired end what it holds the lock for."""
        return self._finishing.noted(tx, operation, params)

    def modes(self, tx: JudgedReader, bucket: str, key: str) -> Modes:
        """Say how strictly each rule is held for a key."""
        return self._fencing.modes(tx, StateName(bucket, key))

    def outputs_only(self, body: bytes) -> bytes | None:
        """Return a state reduced to its outputs."""
        return outputs_only(body)

    def seen(self, caller: Caller, now: datetime) -> None:
        """Take note of a request."""
        self._activity.seen(caller, now)

    def staleness(self, tx: JudgedReader, state: State) -> Staleness | None:
        """Say whether the lock of a state looks dead."""
        return self._looking.staleness(tx, state)

    def release_dead(self, tx: JudgedWriter, state: State, quiet: timedelta) -> bool:
        """Release a lock that looks dead."""
        return self._looking.release_dead(tx, state, quiet)

    def note(self, tx: JudgedWriter, what: str, details: Mapping[str, Any]) -> None:
        """Write an entry of the journal."""
        journal.append(tx, self._chain_key, what, details)

    def _note_change(
        self, tx: JudgedWriter, name: StateName, state: State, change: ObjectChange
    ) -> None:
        about = name.named
        if change.order is None:
            self.note(tx, "state-deleted", about)
            return
        about |= {
            "version_id": change.version_id,
            "serial": state.serial,
            "lineage": state.lineage,
            "md5": state.md5,
            "size": change.size,
        }
        if state.lock is not None:
            about |= {"lock_id": state.lock.id, "who": state.lock.who}
            about["operation"] = state.lock.operation
        self.note(tx, "state-written" if change.facts is not None else "state-restored", about)


def _concerns(tx: JudgedReader | JudgedWriter, name: StateName, table: str) -> bool:
    """Say whether an item of a table is about a state, or only says so.

    Anybody may have a table, and write into it what looks like the lock of a state that they have no
    right to. A table counts once somebody has used it who may write the state.
    """
    if tx.may_write(*name):
        return True
    state: State | None = tx.get(State, *name)
    return state is not None and table in state.tables
