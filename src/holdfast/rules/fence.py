"""The fence: no write of a state is lost to one that does not know of it. Pure.

A write is judged by what the server knows: lineage and serial of what is stored, the lock and the
session that took it, and what is to be written. S3's protocol carries no lock id, and clients force
writes without saying so; what correct commands do is in `docs/explanation/state-rules.md`.
"""

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from holdfast.engine.state_records import HeldLock, State
from holdfast.rules.inspecting import Facts
from holdfast.server.judging import ObjectPut, Refusal
from holdfast.server.rule_modes import ENFORCE, WARN, Modes

HELD, STALE, LINEAGE = "fence.held", "fence.stale", "fence.lineage"
OUTDATED, UNLOCKED, EMPTIED = "fence.outdated", "fence.unlocked", "fence.emptied"


class Writer(msgspec.Struct, frozen=True):
    """Who writes."""

    holds: Literal["own", "other", "none"]  # whose the lock is that the state has
    outdated: str = ""  # why its session's view of the state is out of date; nothing if it is not
    late: bool = False  # it has written this before, and the state was written again since


class Finding(msgspec.Struct, frozen=True):
    """What a rule finds in a write."""

    rule: str
    fact: str  # one sentence: what was compared
    advice: str = ""  # what to do about it
    certain: bool = True  # otherwise it is at most warned of


class Judgement(msgspec.Struct, frozen=True):
    """What the fence says of a write."""

    refused: Finding | None = None  # None: it goes on
    warned: tuple[Finding, ...] = ()  # to be journaled
    overridden: Finding | None = None  # what it would have been refused for, had nobody given leave
    rewound: bool = False  # the lock's holder goes back to an older serial: to be journaled


PASSED = Judgement()
REWOUND = Judgement(rewound=True)


def judge(
    state: State | None,
    facts: Facts | None,
    put: ObjectPut,
    writer: Writer,
    modes: Modes,
    now: datetime,
) -> Judgement:
    """Judge a write.

    Args:
        state: what is known of the state, its lock and the leave that was given among it.
        facts: what is to be written; None if it could not be read.
        put: where, and its MD5.
        writer: who writes.
        modes: of every rule, for this key.
        now: the time of the request, aware.
    """
    if state is not None and state.order is not None and put.md5 and put.md5 == state.md5:
        return PASSED
    findings = list(_findings(state, facts, put, writer))
    if not findings:
        return REWOUND if _rewinds(state, facts) else PASSED
    enforced = [one for one in findings if one.certain and modes[one.rule] == ENFORCE]
    warned = tuple(
        one
        for one in findings
        if modes[one.rule] == WARN or (not one.certain and modes[one.rule] == ENFORCE)
    )
    if not enforced:
        return Judgement(warned=warned, rewound=_rewinds(state, facts))
    if state is not None and state.override is not None and state.override.until > now:
        return Judgement(warned=warned, overridden=enforced[0], rewound=_rewinds(state, facts))
    return Judgement(refused=enforced[0])


def judge_delete(
    state: State | None, bucket: str, key: str, writer: Writer, modes: Modes, now: datetime
) -> Judgement:
    """Judge the deletion of a state: not while another session holds its lock.

    A correct client deletes without a lock: Terraform releases it before it deletes a workspace.
    """
    if state is None or state.order is None or state.lock is None or writer.holds != "other":
        return PASSED
    found = _held(state.lock, f"{bucket}/{key}", "deletion")
    if modes[HELD] == WARN:
        return Judgement(warned=(found,))
    if modes[HELD] != ENFORCE:
        return PASSED
    if state.override is not None and state.override.until > now:
        return Judgement(overridden=found)
    return Judgement(refused=found)


def refusal(found: Finding, put: ObjectPut, facts: Facts | None) -> Refusal:
    """Return what the server answers for a finding: what was compared, and what to do."""
    where = shlex.quote(f"s3://{put.bucket}/{put.key}")
    known = facts if facts is not None and facts.kind == "state" else None
    noted = {"serial": str(known.serial), "lineage": known.lineage} if known is not None else {}
    return Refusal(
        rule=found.rule,
        message=f"The rule {found.rule} refuses this write. {found.fact} {found.advice} To have one "
        f"write accepted all the same: holdfast override {where} --reason 'WHY', and write again.",
        keep_aside=True,
        facts={**noted, "reason": found.fact},
    )


def delete_refusal(found: Finding, bucket: str, key: str) -> Refusal:
    """Return what the server answers for a deletion that is refused."""
    where = shlex.quote(f"s3://{bucket}/{key}")
    return Refusal(
        rule=found.rule,
        message=f"The rule {found.rule} refuses this deletion. {found.fact} {found.advice} To have "
        f"it accepted all the same: holdfast override {where} --reason 'WHY', and delete again.",
        facts={"reason": found.fact},
    )


# ---- the rules -------------------------------------------------------------------------------


def _findings(
    state: State | None, facts: Facts | None, put: ObjectPut, writer: Writer
) -> Iterator[Finding]:
    """Yield what speaks against a write, the gravest first."""
    name = f"{put.bucket}/{put.key}"
    lock = state.lock if state is not None else None
    if writer.holds == "other" and lock is not None:
        yield _held(lock, name, "write")
    is_state = state is not None and state.order is not None and state.serial is not None
    if not is_state and (facts is None or facts.kind != "state"):
        return  # nothing here has to do with states
    unlocked = writer.holds == "none"
    if unlocked and writer.outdated:
        yield _outdated(name, writer.outdated)
    if writer.late and state is not None:
        yield _late(state, name)
    if is_state and state is not None:
        yield from _compared(state, facts, name, unlocked=unlocked)
    if unlocked:
        yield _unlocked(name)


def _compared(state: State, facts: Facts | None, name: str, *, unlocked: bool) -> Iterator[Finding]:
    """Yield what comes of comparing what is stored with what is to be written."""
    if facts is None or facts.too_large:
        return  # what it is cannot be known
    foreign = _foreign(state, facts, name)
    if foreign is not None and (unlocked or state.resources != 0):
        yield foreign if unlocked or state.resources else _uncertain(foreign)
    elif foreign is None and unlocked and facts.serial <= (state.serial or 0):
        yield _stale(state, facts, name)
    if facts.kind == "state" and foreign is None and facts.resources == 0 and state.resources:
        yield _emptied(state, facts, name)


def _foreign(state: State, facts: Facts, name: str) -> Finding | None:
    """Return what is said of a state of another lineage, or of what is no state; None of others."""
    if facts.kind == "state" and (
        facts.lineage == state.lineage or not facts.lineage or not state.lineage
    ):
        return None
    manages = f" and manages {_count(state)}" if state.resources else ""
    stored = f"{name} has the lineage {state.lineage or '(none)'}, serial {state.serial}{manages}"
    if facts.kind != "state":
        fact = f"{stored}; what is to be written is no state that Terraform could read."
        return Finding(LINEAGE, fact, "Look at the key, which may be meant for something else.")
    return Finding(
        LINEAGE,
        f"{stored}; what is to be written has the lineage {facts.lineage}, serial {facts.serial}.",
        "These are states of two configurations: look at the key in the backend block, which may "
        "be another configuration's.",
    )


def _uncertain(found: Finding) -> Finding:
    return Finding(found.rule, found.fact, found.advice, certain=False)


def _held(lock: HeldLock, name: str, act: str) -> Finding:
    doing = f" for {lock.operation}" if lock.operation else ""
    return Finding(
        HELD,
        f"{name} is locked by {lock.who or lock.principal}{doing} since {_time(lock.since)} "
        f"(lock ID {lock.id}), and this {act} comes from another session.",
        "If this session had the lock, it was taken from it. Let the holder finish, then plan again.",
    )


def _stale(state: State, facts: Facts, name: str) -> Finding:
    return Finding(
        STALE,
        f"{name} has the serial {state.serial}; what is to be written has the serial "
        f"{facts.serial}, which is not newer, and its writer holds no lock.",
        "Somebody else wrote in between. Plan again, with locking on.",
    )


def _late(state: State, name: str) -> Finding:
    return Finding(
        STALE,
        f"This very request has written {name} before, and it was written again since (serial "
        f"{state.serial}).",
        "Nothing is to be done: a request arrived a second time, and late.",
    )


def _outdated(name: str, why: str) -> Finding:
    return Finding(
        OUTDATED,
        f"This session has not read {name} since {why}.",
        "What it would write may be without what was written in between. Read the state, or plan, "
        "again.",
    )


def _unlocked(name: str) -> Finding:
    return Finding(
        UNLOCKED,
        f"The writer of {name} holds no lock.",
        "Lock with use_lockfile = true or dynamodb_table in the backend block, and without "
        "-lock=false.",
    )


def _emptied(state: State, facts: Facts, name: str) -> Finding:
    return Finding(
        EMPTIED,
        f"{name} manages {_count(state)} (serial {state.serial}); what is to be written manages "
        f"none (serial {facts.serial}).",
        "If that is what is meant, as by 'terraform destroy', give leave.",
    )


def _rewinds(state: State | None, facts: Facts | None) -> bool:
    """Say whether a write that is accepted goes back to an older serial of the same lineage."""
    if state is None or state.order is None or state.serial is None:
        return False
    if facts is None or facts.kind != "state" or facts.lineage != state.lineage:
        return False
    return facts.serial < state.serial


def _count(state: State) -> str:
    """Return how much a state manages; of large ones it is only known that they do."""
    return "one resource or more" if state.resources == 1 else f"{state.resources} resources"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
