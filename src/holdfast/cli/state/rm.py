"""`holdfast rm`: deletes a whole state."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import ago, counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, print_json, say
from holdfast.cli.state.again import command
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting

if TYPE_CHECKING:
    from holdfast.operations.pushing import RemovalPlan

_SHOWN = 10  # resources in the question


@click.command(
    "rm",
    epilog=epilog(
        "holdfast rm old/experiment/terraform.tfstate",
        "holdfast rm --workspace review-42 --yes",
    ),
)
@state_argument
@target_options
@click.option("--force", is_flag=True, help="Also if it has resources, or cannot be read.")
@lock_timeout_option
@yes_option
@json_option
def rm(
    *,
    target: Target,
    state: str | None,
    force: bool,
    lock_timeout: timedelta,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete a whole state and its digest, under the lock.

    STATE is the key of the object; without it, the state of this directory. Shows what is in it, and
    asks. A state that has resources is refused without --force: Terraform would forget them, and they
    would go on existing. To remove one resource from a state: terraform state rm.

    Where the bucket keeps versions, the state can be brought back; the last line says how.
    """
    from holdfast.operations import pushing

    backend = backend_of(target, state)
    url = backend.address.url
    with backend.lock(pushing.REMOVE, lock_timeout.total_seconds(), on_wait=tell_waiting) as held:
        plan = pushing.plan_removal(backend)
        if plan.resources != 0 and plan.present is not None and not force:
            raise _refused(url, plan)
        confirm(_will(url, plan), yes=yes, question="Delete it?")
        version = pushing.remove(backend, plan, held)
    undo = (
        command(target, "restore", *([state] if state else []), "--to", version)
        if version
        else None
    )
    if as_json:
        print_json({"state": url, "deleted": True, "version_id": version, "undo": undo})
    else:
        say(f"Deleted: {safe(url)}", Style.GOOD)
        say(f"To bring it back: {undo}" if undo else "It cannot be brought back.")
    return ExitCode.OK


def _refused(url: str, plan: "RemovalPlan") -> CommandFailed:
    if plan.resources is None:
        return CommandFailed(
            f"what is in {url} cannot be read, so it is not known whether it has resources",
            "Delete it all the same: --force",
            ExitCode.REFUSED,
        )
    return CommandFailed(
        f"{url} has {counted(plan.resources, 'resource')}, which would go on existing, unknown to "
        "Terraform",
        "Destroy them first (terraform destroy), or delete the state all the same: --force",
        ExitCode.REFUSED,
    )


def _will(url: str, plan: "RemovalPlan") -> list[str]:
    lines: list[str] = []
    if plan.present is None:
        return [f"The digest of {url} is deleted from the lock table; there is no state."]
    if plan.state is not None and plan.resources:
        labels = [each.label for each in plan.state.managed]
        lines += [f"  {label}" for label in labels[:_SHOWN]]
        more = len(labels) - _SHOWN
        lines += [f"  and {counted(more, 'more', 'more')}"] if more > 0 else []
        lines.insert(
            0, f"Terraform forgets {counted(len(labels), 'resource')}, which go on existing:"
        )
    serial = f"serial {plan.state.serial}, " if plan.state else ""
    changed = f"written {ago(plan.present.last_modified)}"
    lines.append(f"{url} ({serial}{changed}) is deleted, with its digest.")
    if plan.versioned is False:
        lines.append("The bucket keeps no versions: it cannot be brought back.")
    elif plan.versioned is None:
        lines.append("Whether the bucket keeps versions, to bring it back, is not known.")
    return lines
