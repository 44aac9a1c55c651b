"""`holdfast rescue`: brings home a state that Terraform could not store."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import confirm, note, print_json, say
from holdfast.cli.state.lost_apply import lost_state
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting

if TYPE_CHECKING:
    from datetime import timedelta

    from holdfast.operations.rescue import Rescue, Rescued


@click.command(
    "rescue",
    epilog=epilog(
        "holdfast rescue",
        "holdfast rescue network/errored.tfstate",
        "holdfast rescue errored.tfstate --take-lock --yes",
    ),
)
@click.argument(
    "file", metavar="[FILE]", type=click.Path(dir_okay=False, path_type=Path), required=False
)
@target_options
@click.option(
    "--take-lock",
    is_flag=True,
    help="Take over the lock that is held, also where it does not look like the lost apply's.",
)
@click.option(
    "--force", is_flag=True, help="Push it even over a state that somebody wrote since, or another."
)
@lock_timeout_option
@yes_option
@json_option
def rescue(
    *,
    target: Target,
    file: Path | None,
    take_lock: bool,
    force: bool,
    lock_timeout: "timedelta",
    yes: bool,
    as_json: bool,
) -> int:
    """Push the errored.tfstate of a lost apply, mend the digest, release the lock that was left.

    FILE is errored.tfstate in the Terraform directory unless it is named. If a named file lies in a
    Terraform directory, that one says where the state is stored; otherwise this one does. Shows the
    difference first, and asks. Run it before anything else: another apply would make everything a
    second time. To run it twice does no harm.
    """
    from holdfast.operations import rescue as operation

    path = file or lost_state(target)
    if file and target.directory == Path() and _is_configured(file.parent):
        target = replace(target, directory=file.parent)
    lost = operation.load(path)
    backend = backend_of(target)
    plan = operation.prepare(backend, lost, force=force)
    if plan.nothing_to_do:
        return _tell_nothing(plan, as_json=as_json)
    if not as_json:
        _show(plan)
    take_over = plan.lock is not None and (take_lock or plan.same_run)
    confirm(_will(plan, take_over=take_over), yes=yes, question="Rescue it?")
    done = operation.rescue(
        backend,
        plan,
        take_over=take_over,
        timeout=lock_timeout.total_seconds(),
        on_wait=tell_waiting,
    )
    if as_json:
        print_json(_document(done))
    else:
        _tell(done)
    return ExitCode.OK


def _is_configured(directory: Path) -> bool:
    """Say whether a directory is one that Terraform runs in."""
    return (directory / ".terraform").is_dir() or any(directory.glob("*.tf"))


def _show(plan: "Rescue") -> None:
    from holdfast.cli.state.difference import print_difference
    from holdfast.operations.rescue import Standing

    lost = plan.lost
    say(f"{safe(str(lost.path))}: serial {lost.header.serial}, lineage {lost.header.lineage}")
    if plan.standing is Standing.STORED:
        say(f"{safe(plan.address.url)} already holds it.")
    elif plan.standing is Standing.SUPERSEDED:
        say(f"{safe(plan.address.url)} held it, and holds a newer state now.")
    elif plan.stored is None:
        say(f"{safe(plan.address.url)}: no state is stored yet")
    else:
        say(f"{safe(plan.address.url)}: serial {_stored_serial(plan)}")
    if plan.standing is Standing.TO_PUSH:
        change = plan.change
        if change is None:
            say("What it would change cannot be shown: one of the two cannot be read.")
        else:
            say("Pushing it changes what is stored:")
            print_difference(change)


def _stored_serial(plan: "Rescue") -> str:
    from holdfast.client.errors import NotAState

    try:
        return str(plan.stored.header.serial) if plan.stored else "-"
    except NotAState:
        return "not readable"


def _will(plan: "Rescue", *, take_over: bool) -> list[str]:
    from holdfast.client.found_locks import describe
    from holdfast.operations.rescue import Standing

    will: list[str] = []
    if plan.lock:
        will.append(f"The state is locked by {describe(plan.lock.info)}.")
        will += [f"  {line}" for line in plan.evidence]
        if take_over:
            will.append("That lock is taken over, and released at the end.")
        else:
            will.append("That lock is waited for. If its holder is dead, add --take-lock.")
    if plan.standing is Standing.TO_PUSH:
        serial = f" with serial {plan.serial}" if plan.serial is not None else ""
        will.append(f"{plan.lost.path} is pushed to {plan.address.url}{serial}.")
    if plan.digest_wrong:
        will.append("The digest in the lock table is set to the state's.")
    return will


def _tell_nothing(plan: "Rescue", *, as_json: bool) -> int:
    if as_json:
        print_json({"state": plan.address.url, "pushed": False, "standing": plan.standing})
    else:
        say(f"{safe(plan.address.url)} already has all of it; nothing was changed.", Style.GOOD)
        note(f"The file is no longer needed: {safe(str(plan.lost.path))}")
    return ExitCode.OK


def _tell(done: "Rescued") -> None:
    plan = done.plan
    if done.written:
        say(
            f"Pushed: {safe(plan.address.url)} has serial {done.written.serial} and was read back as "
            "written.",
            Style.GOOD,
        )
    if done.digest_mended:
        say("The digest fits.", Style.GOOD)
    if done.released:
        say(f"The lock was released from the {' and the '.join(done.released)}.", Style.GOOD)
    note(f"The file is no longer needed: {safe(str(plan.lost.path))}. Next: terraform plan")


def _document(done: "Rescued") -> dict[str, Any]:
    from holdfast.cli.state.difference import document

    plan = done.plan
    return {
        "state": plan.address.url,
        "file": plan.lost.path,
        "standing": plan.standing,
        "pushed": done.written is not None,
        "serial": done.written.serial if done.written else None,
        "version": done.written.version_id if done.written else None,
        "digest_mended": done.digest_mended,
        "lock_released": list(done.released),
        "difference": document(plan.change) if plan.change else None,
    }
