"""`holdfast push`: puts a state file into the backend."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import complete_files, json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, print_json, say
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting

if TYPE_CHECKING:
    from holdfast.client.stored import Written
    from holdfast.operations.pushing import PushPlan


@click.command(
    "push",
    epilog=epilog(
        "holdfast push errored.tfstate",
        "holdfast push backup.tfstate --key prod/network/terraform.tfstate",
        "holdfast pull | jq '.serial += 1' | holdfast push - --yes",
    ),
)
@click.argument("file", metavar="FILE", shell_complete=complete_files)
@target_options
@click.option(
    "--force", is_flag=True, help="Write it whatever its serial and lineage are, readable or not."
)
@lock_timeout_option
@yes_option
@json_option
def push(
    *, target: Target, file: str, force: bool, lock_timeout: timedelta, yes: bool, as_json: bool
) -> int:
    """Write a state file to the backend, under the lock, with its digest.

    FILE is the state; '-' reads standard input. Shows what would change, and asks. As 'terraform state
    push' does, it refuses a file of another lineage, one that is older than the present state, and
    another one of the same serial; --force writes these too.
    """
    from holdfast.operations import pushing

    body = _body(file)
    backend = backend_of(target)
    with backend.lock(pushing.PUSH, lock_timeout.total_seconds(), on_wait=tell_waiting) as held:
        plan = pushing.plan_push(backend, body)
        if plan.objection is not None and not force:
            raise plan.objection
        if plan.same and not force:
            return _say_same(plan, as_json=as_json)
        if not as_json:
            _show(plan)
        confirm(_will(plan, backend.address.url), yes=yes, question="Write it?")
        written = pushing.push(backend, plan, held, force=force)
    if as_json:
        print_json({"changed": written.changed, **_document(written)})
    else:
        version = f", version {written.version_id}" if written.version_id else ""
        say(
            f"Written: {safe(written.address.url)} has serial {written.serial}{version}.",
            Style.GOOD,
        )
    return ExitCode.OK


def _body(file: str) -> bytes:
    if file == "-":
        if sys.stdin.isatty():
            raise click.UsageError("'-' reads standard input, which is a terminal")
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandFailed(
            f"{file} cannot be read: {error.strerror}", "", ExitCode.NOT_FOUND
        ) from None


def _say_same(plan: "PushPlan", *, as_json: bool) -> int:
    from holdfast.client.stored import Written

    there = plan.present
    if there is None:
        raise AssertionError("only what is there can be the same")
    if as_json:
        said = there.header
        same = Written(
            there.address, said.serial, said.lineage, there.etag, there.version_id, changed=False
        )
        print_json({"changed": False, **_document(same)})
    else:
        say(f"{safe(there.address.url)} already is this very state; nothing was written.")
    return ExitCode.OK


def _show(plan: "PushPlan") -> None:
    """Print the effect."""
    from holdfast.cli.state.difference import print_difference

    if plan.change is not None and plan.present is not None:
        print_difference(plan.change)
    elif plan.new is not None and plan.new.format != "encrypted":
        managed = sum(1 for _ in plan.new.managed)
        outputs = counted(len(plan.new.outputs), "output")
        say(f"The new state holds {counted(managed, 'resource')} and {outputs}.")
        if plan.present is not None:
            say("What changes cannot be shown: the present state cannot be read.", Style.WARNING)
    else:
        say("What changes cannot be shown: the new state cannot be read.", Style.WARNING)


def _will(plan: "PushPlan", url: str) -> list[str]:
    lines = [f"Forced although {plan.objection.happened}."] if plan.objection else []
    new = f"serial {plan.new.serial}" if plan.new else "something that cannot be read"
    if plan.present is None:
        return [*lines, f"{url} is made, with {new}."]
    old = f"serial {plan.old.serial}" if plan.old else "something that cannot be read"
    return [*lines, f"{url} is replaced: {old} by {new}."]


def _document(written: "Written") -> dict[str, Any]:
    return {
        "state": written.address.url,
        "serial": written.serial,
        "lineage": written.lineage,
        "version_id": written.version_id,
        "etag": written.etag.strip('"'),
    }
