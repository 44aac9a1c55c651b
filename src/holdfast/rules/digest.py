"""The digest item follows the object: whatever route changes a state, in the same transaction.

Terraform writes the MD5 of a state into its lock table after the state, and refuses to read a state
that does not fit. Here the two cannot come apart.
"""

from msgspec.structs import replace

from holdfast.engine.state_records import State
from holdfast.rules.inspecting import Facts, facts_of
from holdfast.rules.places import DIGEST, StateName
from holdfast.server.judging import (
    DONE,
    ItemWrite,
    JudgedWriter,
    ObjectChange,
    Refusal,
    Stores,
    Verdict,
)
from holdfast.terraform.digest import digest_of


class DigestFollows:
    """Keeps what is known of a state, and its digest items, in step with its object."""

    def __init__(self, stores: Stores) -> None:
        """Reach items through these."""
        self._stores = stores

    def follow(
        self, tx: JudgedWriter, name: StateName, change: ObjectChange, *, follows: bool
    ) -> State | None:
        """Write down what a state's object has become; None if it is no state.

        Args:
            tx: the transaction of the change.
            name: the state.
            change: what became of its object.
            follows: whether the digest items are to follow.
        """
        known = tx.get(State, *name)
        facts, md5 = change.facts, change.md5
        if facts is None and known is not None and change.order is not None:
            facts, md5 = self._read(tx, name, md5)
        is_state = isinstance(facts, Facts) and facts.kind == "state"
        if known is None and not is_state:
            return None
        state = known or State(bucket=name.bucket, key=name.key)
        found = facts if is_state else Facts("other")
        lock = state.lock
        if lock is not None and change.order is not None:
            lock = replace(lock, last_write=tx.now)
        after = replace(
            state,
            order=change.order,
            md5=md5 if change.order is not None else "",
            serial=found.serial if is_state else None,
            lineage=found.lineage,
            resources=found.resources,
            lock=lock,
        )
        tx.put(after)
        if follows:
            self._write(tx, name, after)
        return after

    def _read(self, tx: JudgedWriter, name: StateName, md5: str) -> tuple[Facts | None, str]:
        """Read a version that became the newest again because the one after it was deleted."""
        body = self._stores.read_object(tx, *name)
        if body is None:
            return None, md5
        return facts_of(name.key, body), digest_of(body)

    def _write(self, tx: JudgedWriter, name: StateName, state: State) -> None:
        for table in state.tables:
            if state.md5:
                self._stores.put_item(tx, table, name.digest_id, {DIGEST: state.md5})
            else:
                self._stores.drop_item(tx, table, name.digest_id)

    def write_item(
        self, tx: JudgedWriter, name: StateName, write: ItemWrite, *, refuses: bool
    ) -> Verdict:
        """Judge a write of a digest item by a client: it must fit, and usually is there already.

        Args:
            tx: the transaction of the write.
            name: the state.
            write: of its digest item.
            refuses: whether one that does not fit is refused.
        """
        state = tx.get(State, *name)
        if write.item is None:
            if state is not None and write.table in state.tables and state.lock is None:
                rest = tuple(table for table in state.tables if table != write.table)
                tx.put(replace(state, tables=rest))
            return None
        if state is None or state.order is None or not state.md5:
            if state is None or write.table not in state.tables:
                fresh = state or State(bucket=name.bucket, key=name.key)
                tx.put(replace(fresh, tables=(*fresh.tables, write.table)))
            return None
        given = str(write.item.get(DIGEST, {}).get("S", "")).lower()
        if given != state.md5:
            if not refuses:
                return None
            return Refusal(
                "digest",
                f"The digest {given or '(none)'} does not fit the state {name}, whose MD5 is "
                f"{state.md5}. Nothing is to be done: the item in the table {write.table} follows "
                "the state by itself.",
            )
        if write.table in state.tables:
            return DONE if write.present and refuses else None
        tx.put(replace(state, tables=(*state.tables, write.table)))
        return None
