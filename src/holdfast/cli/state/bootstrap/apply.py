"""`holdfast bootstrap apply`: make what is missing, mend what differs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import confirm, note, print_json, say, warn
from holdfast.cli.state.bootstrap.options import Asked, adopt_option, backend_options
from holdfast.cli.state.bootstrap.printing import print_plan
from holdfast.cli.state.bootstrap.refusing import refusals

if TYPE_CHECKING:
    from holdfast.operations.bootstrap.apply import Applied
    from holdfast.operations.bootstrap.desired import Desired
    from holdfast.operations.bootstrap.plan import Step


@click.command(
    "apply",
    epilog=epilog(
        "holdfast bootstrap apply --bucket acme-terraform-state",
        "holdfast bootstrap apply --config backend.toml --yes",
    ),
)
@backend_options
@adopt_option
@click.option(
    "--unsupported",
    type=click.Choice(["continue", "fail"]),
    default="continue",
    show_default=True,
    help="What to do where the endpoint does not offer a setting.",
)
@yes_option
@json_option
def apply(*, asked: Asked, adopt: bool, unsupported: str, yes: bool, as_json: bool) -> int:
    """Make what is missing and mend what differs, in the order of the plan; print the backend block.

    Shows the plan and asks first. What is as it should be is left alone, so it may run as often as
    you like: after a crash it goes on, after a change by hand it mends. Tags, lifecycle rules and
    policy statements of others stay.
    """
    from holdfast.operations.bootstrap.apply import apply as done_from
    from holdfast.operations.bootstrap.apply import refuse
    from holdfast.operations.bootstrap.plan import plan
    from holdfast.operations.bootstrap.read import read_actual

    desired = asked.desired
    with refusals():
        actual = read_actual(asked.connection, desired)
    planned = plan(desired, actual, adopt=adopt)
    if not as_json:
        print_plan(desired, planned)
    with refusals():
        refuse(planned)
        if planned.changes:
            many = len(planned.changes) > 1
            will = (
                f"{counted(len(planned.changes), 'step')} will be done{', in this order' * many}."
            )
            confirm(will, yes=yes, question="Do these steps?")
        with _said_on_failure():
            applied = done_from(
                asked.connection,
                desired,
                planned,
                actual,
                unsupported=unsupported,
                told=(lambda _step: None) if as_json else _tell,
            )
    return _end(desired, applied, as_json=as_json)


@contextmanager
def _said_on_failure() -> Iterator[None]:
    """Say, when a step fails or Ctrl-C stops it, that nothing has to be cleaned up."""
    try:
        yield
    except BaseException:
        note("Stopped before the end. Run the same command again: it goes on from here.")
        raise


def _tell(step: "Step") -> None:
    if step.action.value == "leave out":
        warn(
            f"{step.id} was left out: this endpoint does not offer it. It would do this: {step.why}."
        )
    else:
        say(f"  done: {step.id}", Style.GOOD)


def _end(desired: "Desired", applied: "Applied", *, as_json: bool) -> int:
    from holdfast.operations.bootstrap.backend_block import arguments, backend_block

    code = ExitCode.FINDINGS if applied.remaining else ExitCode.OK
    if as_json:
        print_json(
            {
                "done": applied.done,
                "left_out": applied.left_out,
                "remaining": applied.remaining,
                "backend": arguments(desired, applied.actual),
                "block": backend_block(desired, applied.actual),
            }
        )
        return code
    for step in applied.remaining:
        warn(f"{step.id} is still not as it should be: {step.before!r}, not {step.after!r}.")
    note("The backend block, for each root module with a key of its own:")
    say(backend_block(desired, applied.actual).rstrip())
    identity = applied.actual.identity
    if not identity.is_aws:
        note(f"Terraform finds the endpoint by AWS_ENDPOINT_URL={identity.endpoint}")
    return code
