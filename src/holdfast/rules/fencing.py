"""The fence at work: judges each write of a state, and writes down what it found."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from holdfast.engine.records import Bucket
from holdfast.engine.state_records import HeldLock, State
from holdfast.rules import fence
from holdfast.rules.fence import Finding, Judgement, Writer
from holdfast.rules.inspecting import Facts
from holdfast.rules.one_lock import holds, took
from holdfast.rules.outdated import OutdatedSessions
from holdfast.rules.places import StateName
from holdfast.rules.repeated import RepeatedWrites
from holdfast.server.judging import JudgedReader, JudgedWriter, ObjectPut, Refusal
from holdfast.server.rule_modes import SETTING, Modes, Usual, modes_of

Note = Callable[[JudgedWriter, str, Mapping[str, Any]], None]


class Fencing:
    """Judges writes and deletions of states."""

    def __init__(self, outdated: OutdatedSessions, note: Note, usual: Usual) -> None:
        """Join what it needs.

        Args:
            outdated: sessions that have to read a state before they write it.
            note: writes into the journal.
            usual: the mode of every rule, where a bucket says nothing.
        """
        self._outdated = outdated
        self._writes = RepeatedWrites()
        self._note = note
        self._usual = usual

    def modes(self, tx: JudgedReader, name: StateName) -> Modes:
        """Return the mode of every rule for a state, or for all without the name of a bucket."""
        bucket = tx.get(Bucket, name.bucket) if name.bucket else None
        usual = self._usual.of(*name)
        if bucket is None or SETTING not in bucket.settings:
            return usual
        return modes_of(bucket, name.key, usual)

    def put(self, tx: JudgedWriter, name: StateName, put: ObjectPut) -> Refusal | None:
        """Judge a write of what is or may become a state."""
        facts: Facts | None = put.facts
        state = tx.get(State, *name)
        if state is None and (facts is None or facts.kind != "state"):
            return None
        writer = self._writer(tx, name, state)
        found = fence.judge(state, facts, put, writer, self.modes(tx, name), tx.now)
        if found is fence.PASSED:
            return None
        about = _about(name, facts)
        self._write_down(tx, name, state, found, about)
        if found.refused is None:
            return None
        why = f"a write of it was refused at {tx.now:%Y-%m-%d %H:%M:%S} UTC"
        self._outdated.add(*name, tx.caller.access_key_id, why, tx.now)
        return fence.refusal(found.refused, put, facts)

    def delete(self, tx: JudgedWriter, name: StateName) -> Refusal | None:
        """Judge the deletion of a state."""
        state = tx.get(State, *name)
        if state is None or state.lock is None:
            return None
        writer = self._writer(tx, name, state)
        modes = self.modes(tx, name)
        found = fence.judge_delete(state, *name, writer, modes, tx.now)
        self._write_down(tx, name, state, found, _about(name, None))
        return None if found.refused is None else fence.delete_refusal(found.refused, *name)

    def lost(self, tx: JudgedWriter, name: StateName, held: HeldLock) -> None:
        """Remember that a session lost its lock to somebody else."""
        if held.access_key_id and not took(tx, held):
            why = f"{tx.caller.arn} released its lock (ID {held.id})"
            self._outdated.add(*name, held.access_key_id, why, tx.now)

    def _writer(self, tx: JudgedWriter, name: StateName, state: State | None) -> Writer:
        outdated = self._outdated.why(*name, tx.caller.access_key_id, tx.now)
        late = state is not None and self._writes.is_late(name, tx.caller, state.order)
        if state is None or state.lock is None:
            return Writer("none", outdated, late)
        return Writer("own" if holds(tx, state.lock) else "other", outdated, late)

    def wrote(self, tx: JudgedWriter, name: StateName, order: int) -> None:
        """Remember which request wrote a version of a state."""
        self._writes.wrote(name, tx.caller, order)

    def _write_down(
        self,
        tx: JudgedWriter,
        name: StateName,
        state: State | None,
        found: Judgement,
        about: Mapping[str, Any],
    ) -> None:
        for warned in found.warned:
            self._note(tx, "write-warned", {**about, **_finding(warned)})
        if found.refused is not None:
            self._note(tx, "write-refused", {**about, **_finding(found.refused)})
            return
        if found.overridden is not None and state is not None and state.override is not None:
            given = {"by": state.override.by, "given_for": state.override.reason}
            self._note(tx, "override-used", {**about, **_finding(found.overridden), **given})
            tx.put(replace(state, override=None))
        if found.rewound and state is not None:
            self._note(tx, "state-rewound", {**about, "from_serial": state.serial})


def _about(name: StateName, facts: Facts | None) -> dict[str, Any]:
    about = name.named
    if facts is not None and facts.kind == "state":
        about |= {"serial": facts.serial, "lineage": facts.lineage}
    return about


def _finding(found: Finding) -> dict[str, str]:
    return {"rule": found.rule, "reason": found.fact}
