"""Doing the steps of a plan, in order. Stopped anywhere, a second run goes on from there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from holdfast.client.connect import Connection
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Actual
from holdfast.operations.bootstrap.change_bucket import BUCKET, Change, Work
from holdfast.operations.bootstrap.change_key import KEY
from holdfast.operations.bootstrap.change_table import TABLE
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.plan import Action, Plan, Step, plan
from holdfast.operations.bootstrap.read import read_actual
from holdfast.operations.bootstrap.refusals import NotAvailable, Refused

CHANGES: dict[str, Change] = {**KEY, **BUCKET, **TABLE}
_LOOKS = 6  # AWS shows a new setting of a bucket a moment later
_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `remaining` are steps that a new look still finds undone."""

    done: tuple[Step, ...]
    left_out: tuple[Step, ...]
    remaining: tuple[Step, ...]
    actual: Actual


def apply(
    connection: Connection,
    desired: Desired,
    planned: Plan,
    actual: Actual,
    *,
    unsupported: str = "continue",
    told: Callable[[Step], None] = lambda _step: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Applied:
    """Do the steps of a plan, then look again.

    Args:
        connection: the way to the services.
        desired: what should be.
        planned: the plan, made from `actual`.
        actual: what was there.
        unsupported: what to do at a step that the endpoint does not offer: `continue` or `fail`.
        told: called with each step when it is done; with a step that had to be left out, as such.
        sleep: waits for so many seconds.

    Raises:
        Refused: the plan says why nothing may be touched.
        NotAvailable: the endpoint does not offer a step, and `unsupported` is `fail`.
        HoldfastError: a request failed; what was done before stays done.
    """
    refuse(planned)
    work = Work(connection, desired, actual, sleep)
    done: list[Step] = []
    left_out: list[Step] = []
    for step in planned.steps:
        if step.action is Action.KEEP:
            continue
        missing = step.action is Action.LEAVE_OUT or CHANGES[step.id](work, step) is NOT_OFFERED
        if missing and unsupported == "fail":
            raise NotAvailable(
                f"this endpoint does not offer {step.id}: {step.why}",
                "Leave it out of the settings, or say --unsupported continue. "
                "The steps before it are done.",
            )
        outcome = replace(step, action=Action.LEAVE_OUT) if missing else step
        (left_out if missing else done).append(outcome)
        told(outcome)
    return _looked_at_again(connection, desired, done, left_out, sleep)


def refuse(planned: Plan) -> None:
    """Raise the first reason to do nothing, if there is one.

    Raises:
        Refused: there is one.
    """
    for refusal in planned.refusals:
        seen = f": {', '.join(refusal.evidence)}" if refusal.evidence else ""
        raise Refused(f"{refusal.what}{seen}", f"Nothing was changed. {refusal.next_step}")


def _looked_at_again(
    connection: Connection,
    desired: Desired,
    done: list[Step],
    left_out: list[Step],
    sleep: Callable[[float], None],
) -> Applied:
    missing = {step.id for step in left_out}
    for look in range(_LOOKS):
        actual = read_actual(connection, desired)
        found = plan(desired, actual, adopt=True).changes
        remaining = tuple(step for step in found if step.id not in missing)
        if not remaining or not actual.identity.is_aws or look == _LOOKS - 1:
            break
        sleep(_PAUSE)
    return Applied(tuple(done), tuple(left_out), remaining, actual)
