"""The plan: what there is beside what should be, as a list of steps. Pure: no request is sent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from holdfast.operations.bootstrap.actual import NOT_OFFERED, Actual, Identity, Thing, Value
from holdfast.operations.bootstrap.bucket_policy import canonical, wanted_statements
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.lifecycle import wanted_rules
from holdfast.operations.bootstrap.read_key import ALIAS_TAG
from holdfast.operations.bootstrap.reasons import WHY

LATER = "(known once the key is made)"


class Action(Enum):
    """What a step does."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    LEAVE_OUT = "leave out"  # the endpoint does not offer it


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to make or to set; its id is also the id of the finding of `verify`."""

    id: str
    action: Action
    name: str  # of the bucket, key or table
    before: Value
    after: Value
    why: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason to touch nothing. `adoptable`: `--adopt` allows it."""

    id: str
    what: str
    evidence: tuple[str, ...]
    next_step: str
    adoptable: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are to be done, and reasons to do none of them."""

    identity: Identity
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(s for s in self.steps if s.action in (Action.CREATE, Action.CHANGE))

    @property
    def left_out(self) -> tuple[Step, ...]:
        """The steps that this endpoint does not offer."""
        return tuple(s for s in self.steps if s.action is Action.LEAVE_OUT)


def plan(desired: Desired, actual: Actual, *, adopt: bool = False) -> Plan:
    """Compare what should be with what is.

    Args:
        desired: what should be.
        actual: what is.
        adopt: take over what serves, or seems to serve, something else.
    """
    steps = [*_key_steps(desired, actual), *_bucket_steps(desired, actual)]
    steps += _table_steps(desired, actual)
    refusals = [
        refusal
        for kind, thing in (("key", actual.key), ("bucket", actual.bucket), ("table", actual.table))
        if thing is not None
        for refusal in _refusals(kind, thing)
    ]
    left = tuple(r for r in refusals if not (adopt and r.adoptable))
    return Plan(actual.identity, tuple(steps), left)


def _refusals(kind: str, thing: Thing) -> Iterator[Refusal]:
    if thing.unusable:
        advice = "Name another one, or remove the reason."
        yield Refusal(f"{kind}.unusable", thing.unusable, (), advice, adoptable=False)
    elif thing.foreign:
        yield Refusal(
            f"{kind}.foreign",
            f"the {kind} {thing.name} was not made by bootstrap and seems to serve something else",
            thing.foreign,
            "Name another one; or add --adopt to take it over, keeping what is in it.",
            adoptable=True,
        )


def _key_steps(desired: Desired, actual: Actual) -> list[Step]:
    if not desired.makes_key:
        return []
    wanted = {
        "key.state": "Enabled",  # first: a key that is pending deletion takes no tags
        "key.tags": {**desired.all_tags, ALIAS_TAG: desired.alias},
        "key.rotation": desired.encryption.rotation,
        "key.alias": desired.alias,
    }
    return list(_steps("key", desired.alias, actual.key, wanted))


def _bucket_steps(desired: Desired, actual: Actual) -> list[Step]:
    statements = wanted_statements(desired, actual.identity)
    wanted: dict[str, Any] = {
        "bucket.tags": desired.all_tags,
        "bucket.public-access": dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
            True,
        ),
        "bucket.ownership": "BucketOwnerEnforced",
        "bucket.versioning": "Enabled",
        "bucket.encryption": _wanted_encryption(desired, actual),
        "bucket.lifecycle": wanted_rules(desired),
        "bucket.policy": {sid: canonical(each) for sid, each in statements.items()},
    }
    if desired.logging:
        target = desired.logging
        wanted["bucket.logging"] = {"bucket": target.bucket, "prefix": target.prefix}
    return list(_steps("bucket", desired.bucket, actual.bucket, wanted))


def _wanted_encryption(desired: Desired, actual: Actual) -> Value:
    if desired.encryption.mode == "sse-s3":
        return {"algorithm": "AES256"}
    key = actual.key.arn if actual.key else LATER
    return {"algorithm": "aws:kms", "key": key, "bucket_key": True}


def _table_steps(desired: Desired, actual: Actual) -> list[Step]:
    if desired.table_name is None:
        return []
    encryption = desired.table_encryption
    if encryption == "key":
        encryption = actual.key.arn if actual.key else LATER
    wanted = {
        "table.tags": desired.all_tags,
        "table.billing": "PAY_PER_REQUEST",
        "table.encryption": encryption,
        "table.recovery": desired.table.point_in_time_recovery,
        "table.protection": desired.table.deletion_protection,
    }
    return list(_steps("table", desired.table_name, actual.table, wanted))


def _steps(
    kind: str, name: str, thing: Thing | None, wanted: Mapping[str, Value]
) -> Iterable[Step]:
    """Yield the step for a thing, then one for each of its settings."""
    made = Action.CREATE if thing is None else Action.KEEP
    yield Step(kind, made, name, None if thing is None else thing.name, name, WHY[kind])
    for step_id, should in wanted.items():
        if thing is None:
            if should not in ({}, False):  # a new thing has nothing of it
                yield Step(step_id, Action.CREATE, name, None, should, WHY[step_id])
            continue
        before: Value = thing.settings.get(step_id)
        # Other people's tags stay.
        join = step_id.endswith(".tags") and before is not NOT_OFFERED
        after = {**before, **should} if join else should
        yield Step(step_id, _action(before, after), name, before, after, WHY[step_id])


def _action(before: Value, after: Value) -> Action:
    if before is NOT_OFFERED:
        return Action.LEAVE_OUT
    return Action.KEEP if before == after else Action.CHANGE
