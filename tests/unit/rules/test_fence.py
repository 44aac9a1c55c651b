"""Which writes the fence lets pass."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.engine.state_records import HeldLock, Override, State
from holdfast.rules.fence import (
    Judgement,
    Writer,
    delete_refusal,
    judge,
    judge_delete,
    refusal,
)
from holdfast.rules.inspecting import OTHER, Facts
from holdfast.server.judging import ObjectPut
from holdfast.server.rule_modes import DEFAULTS, ENFORCE, OFF, Modes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOCK = HeldLock(
    id="11111111-2222",
    document=b"",
    who="ann@mill",
    operation="OperationTypeApply",
    since=NOW - timedelta(minutes=5),
    principal="arn:aws:iam::123456789012:user/ann",
    access_key_id="ASIAHOLDER",
    places=("s3",),
)
STORED = State(
    bucket="states", key="app", order=3, md5="aa", serial=10, lineage="L1", resources=4, lock=None
)
NEXT = Facts("state", serial=11, lineage="L1", resources=4)
PUT = ObjectPut(bucket="states", key="app", size=100, md5="bb")
OWN, OTHERS, NONE = Writer("own"), Writer("other"), Writer("none")


def judged(
    facts: Facts | None = NEXT,
    writer: Writer = OWN,
    state: State | None = STORED,
    put: ObjectPut = PUT,
    modes: Modes | None = None,
) -> Judgement:
    """Judge a write under the usual modes, but for those given (`held` for `fence.held`)."""
    if state is not None and writer.holds != "none":
        state = replace(state, lock=LOCK)
    changed = {f"fence.{name}": mode for name, mode in (modes or {}).items()}
    return judge(state, facts, put, writer, {**DEFAULTS, **changed}, NOW)


def rules_of(found: Judgement) -> tuple[str, list[str]]:
    """Return the rule that refuses, if one does, and those that warn."""
    return found.refused.rule if found.refused else "", [one.rule for one in found.warned]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (NEXT, STORED),  # apply
        (replace(NEXT, serial=13), STORED),  # after writes that failed
        (replace(NEXT, serial=10), STORED),  # workspace new -state, state push -force
        (replace(NEXT, serial=1, lineage="new"), None),  # the first write
        (replace(NEXT, serial=1, lineage="new"), replace(STORED, order=None, md5="")),  # once more
        (
            replace(NEXT, lineage="other"),
            replace(STORED, resources=0),
        ),  # migration to workspace new
        (replace(NEXT, lineage=""), STORED),  # state push of a state without lineage
        (NEXT, replace(STORED, lineage="")),
        (replace(NEXT, resources=None, encrypted=True), STORED),  # encryption is switched on
        (
            NEXT,
            replace(STORED, serial=None, lineage="", resources=None),
        ),  # stored by who knows whom
        (OTHER, replace(STORED, serial=None, lineage="", resources=None)),
    ],
)
def test_the_holder_of_the_lock_writes_what_terraform_writes(
    facts: Facts, state: State | None
) -> None:
    """Each of them is what a correct command does."""
    assert judged(facts, OWN, state) == Judgement()


@pytest.mark.parametrize("writer", [OWN, OTHERS, NONE, Writer("none", outdated="it was refused")])
def test_the_same_bytes_always_pass(writer: Writer) -> None:
    """A retry after a lost answer comes when the lock may be gone already."""
    assert judged(NEXT, writer, put=replace(PUT, md5="aa")) == Judgement()


def test_going_back_to_an_older_serial_with_the_lock_is_a_rewind() -> None:
    """`terraform state push -force` after a recovery."""
    found = judged(replace(NEXT, serial=7))

    assert found.refused is None
    assert found.rewound


@pytest.mark.parametrize("facts", [NEXT, OTHER, None, replace(NEXT, lineage="L2")])
@pytest.mark.parametrize("state", [STORED, replace(STORED, order=None, md5="")])
def test_nobody_writes_while_another_session_holds_the_lock(
    facts: Facts | None, state: State
) -> None:
    """Whatever it is, and whether there is a state yet or not."""
    assert rules_of(judged(facts, OTHERS, state))[0] == "fence.held"


@pytest.mark.parametrize("serial", [9, 10])
def test_without_a_lock_a_serial_has_to_be_newer(serial: int) -> None:
    """Somebody else wrote in between."""
    assert rules_of(judged(replace(NEXT, serial=serial), NONE))[0] == "fence.stale"


@pytest.mark.parametrize("state", [STORED, replace(STORED, resources=0)])
def test_without_a_lock_another_lineage_is_refused(state: State) -> None:
    """Whether it has resources or not."""
    assert rules_of(judged(replace(NEXT, lineage="L2"), NONE, state))[0] == "fence.lineage"


def test_another_lineage_over_resources_is_refused_with_the_lock_too() -> None:
    """A backend block was copied with its key."""
    assert rules_of(judged(replace(NEXT, lineage="L2")))[0] == "fence.lineage"


def test_another_lineage_over_a_state_that_may_be_empty_is_warned_of() -> None:
    """An encrypted state does not say whether it has resources; a migration over it may be right."""
    encrypted = replace(STORED, resources=None)

    assert rules_of(judged(replace(NEXT, lineage="L2"), OWN, encrypted)) == ("", ["fence.lineage"])


@pytest.mark.parametrize("writer", [OWN, NONE])
def test_what_is_no_state_does_not_replace_one(writer: Writer) -> None:
    """An upload under the wrong key, or half a file."""
    assert rules_of(judged(OTHER, writer))[0] == "fence.lineage"


@pytest.mark.parametrize("facts", [None, Facts("other", too_large=True)])
def test_what_cannot_be_read_passes_with_the_lock(facts: Facts | None) -> None:
    """Under a customer's key, or too large: nothing can be said against it."""
    assert judged(facts) == Judgement()
    assert rules_of(judged(facts, NONE)) == ("", ["fence.unlocked"])


def test_a_newer_write_without_a_lock_is_warned_of() -> None:
    """`-lock=false`, or a backend without locks."""
    assert rules_of(judged(NEXT, NONE)) == ("", ["fence.unlocked"])
    assert rules_of(judged(NEXT, NONE, None)) == ("", ["fence.unlocked"])
    assert rules_of(judged(NEXT, NONE, modes={"unlocked": ENFORCE}))[0] == "fence.unlocked"
    assert judged(NEXT, NONE, modes={"unlocked": OFF}) == Judgement()


def test_who_lost_the_lock_does_not_write_without_one() -> None:
    """Terraform counts on after a refusal, so that its last write looks newer."""
    outdated = Writer("none", outdated="its lock was released by bob")
    found = judged(replace(NEXT, serial=12), outdated)

    assert found.refused is not None
    assert found.refused.rule == "fence.outdated"
    assert "its lock was released by bob" in found.refused.fact


def test_a_write_that_empties_a_state_is_warned_of() -> None:
    """As `terraform destroy` does."""
    empty = replace(NEXT, resources=0)

    assert rules_of(judged(empty)) == ("", ["fence.emptied"])
    assert rules_of(judged(empty, modes={"emptied": ENFORCE}))[0] == "fence.emptied"
    assert (
        judged(empty, OWN, replace(STORED, resources=0), modes={"emptied": ENFORCE}) == Judgement()
    )


@pytest.mark.parametrize("facts", [OTHER, None, Facts("other", too_large=True)])
def test_other_objects_are_not_judged(facts: Facts | None) -> None:
    """A bucket of states may hold anything else."""
    assert judged(facts, NONE, None) == Judgement()


@pytest.mark.parametrize(
    ("facts", "writer", "rule"),
    [
        (NEXT, OTHERS, "held"),
        (replace(NEXT, serial=10), NONE, "stale"),
        (replace(NEXT, lineage="L2"), OWN, "lineage"),
        (NEXT, Writer("none", outdated="x"), "outdated"),
    ],
)
def test_a_rule_that_is_off_refuses_nothing(facts: Facts, writer: Writer, rule: str) -> None:
    """And one that only warns lets the write pass, and says so."""
    assert judged(facts, writer, modes={rule: OFF}).refused is None
    warned = judged(facts, writer, modes={rule: "warn"})
    assert warned.refused is None
    assert f"fence.{rule}" in [one.rule for one in warned.warned]


@pytest.mark.parametrize(("minutes", "passes"), [(1, True), (-1, False)])
def test_leave_lets_a_write_pass_while_it_lasts(minutes: int, passes: bool) -> None:
    """And says what for it was used."""
    until = NOW + timedelta(minutes=minutes)
    leave = Override(by="arn", reason="restored", granted=NOW, until=until)
    found = judged(replace(NEXT, lineage="L2"), OWN, replace(STORED, override=leave))

    assert (found.refused is None) is passes
    assert (found.overridden is not None) is passes


def test_leave_is_not_used_by_a_write_that_needs_none() -> None:
    """It waits for the one it was given for."""
    leave = Override(by="arn", granted=NOW, until=NOW + timedelta(minutes=1))

    assert judged(NEXT, OWN, replace(STORED, override=leave)).overridden is None


def test_a_refusal_says_what_was_compared_and_what_to_do() -> None:
    """With commands to copy."""
    put = replace(PUT, key="env:/it's/app")
    found = judged(replace(NEXT, serial=10), NONE, put=put).refused
    assert found is not None
    told = refusal(found, put, replace(NEXT, serial=10))

    assert told.message == (
        "The rule fence.stale refuses this write. states/env:/it's/app has the serial 10; what is "
        "to be written has the serial 10, which is not newer, and its writer holds no lock. "
        "Somebody else wrote in between. Plan again, with locking on. To have one write accepted all "
        """the same: holdfast override 's3://states/env:/it'"'"'s/app' --reason 'WHY', and write """
        "again."
    )
    assert (told.rule, told.keep_aside) == ("fence.stale", True)
    assert dict(told.facts) == {"serial": "10", "lineage": "L1", "reason": found.fact}


def test_a_refusal_for_a_lock_names_its_holder() -> None:
    """Who, what for, since when."""
    found = judged(NEXT, OTHERS).refused

    assert found is not None
    assert (
        "locked by ann@mill for OperationTypeApply since 2026-11-22 11:55:00 UTC "
        "(lock ID 11111111-2222)"
    ) in found.fact


@pytest.mark.parametrize(("writer", "refused"), [(OTHERS, True), (OWN, False), (NONE, False)])
def test_a_locked_state_is_deleted_by_its_holder_only(writer: Writer, refused: bool) -> None:
    """`terraform workspace delete` deletes after it has released the lock."""
    state = replace(STORED, lock=LOCK if writer.holds != "none" else None)
    found = judge_delete(state, "states", "app", writer, DEFAULTS, NOW)

    assert (found.refused is not None) is refused
    if found.refused is not None:
        assert (
            "holdfast override s3://states/app"
            in delete_refusal(found.refused, "states", "app").message
        )


# ---- whatever comes --------------------------------------------------------------------------

LINEAGES = st.sampled_from(["", "L1", "L2"])
RESOURCES = st.sampled_from([None, 0, 1, 5])
STATES = st.builds(
    lambda **fields: replace(STORED, **fields),
    order=st.sampled_from([None, 3]),
    md5=st.sampled_from(["", "aa"]),
    serial=st.none() | st.integers(0, 20),
    lineage=LINEAGES,
    resources=RESOURCES,
)
WRITTEN = st.builds(
    Facts, st.just("state"), serial=st.integers(0, 20), lineage=LINEAGES, resources=RESOURCES
)
HOLDS: st.SearchStrategy[Literal["own", "other", "none"]] = st.sampled_from(
    ["own", "other", "none"]
)
PUTS = st.sampled_from([PUT, replace(PUT, md5="aa"), replace(PUT, md5="")])


@given(STATES, WRITTEN, PUTS)
def test_a_correct_client_with_the_lock_is_never_refused(
    state: State, facts: Facts, put: ObjectPut
) -> None:
    """Whatever the serial, as long as the configuration is the same."""
    if not state.resources or facts.lineage in ("", state.lineage) or not state.lineage:
        assert judged(facts, OWN, state, put).refused is None


@given(STATES, WRITTEN, HOLDS, PUTS)
def test_nobody_without_the_lock_replaces_what_is_not_older(
    state: State, facts: Facts, holds: Any, put: ObjectPut
) -> None:
    """No order of requests brings an older state over a newer one, but by the lock's holder."""
    found = judged(facts, Writer(holds), state, put)
    if holds == "own" or state.order is None or state.serial is None:
        return
    same_bytes = bool(put.md5) and put.md5 == state.md5
    if found.refused is None and not same_bytes:
        assert facts.serial > state.serial
        assert holds == "none"


@given(STATES, WRITTEN | st.just(OTHER) | st.none(), HOLDS, PUTS)
def test_with_every_rule_off_everything_passes(
    state: State, facts: Facts | None, holds: Any, put: ObjectPut
) -> None:
    """And nothing is said."""
    modes = dict.fromkeys(("held", "stale", "lineage", "outdated", "unlocked", "emptied"), OFF)
    found = judged(facts, Writer(holds), state, put, modes)

    assert (found.refused, found.warned) == (None, ())
