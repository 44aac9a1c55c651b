"""`holdfast restore`: goes back to an older version of a state, or rehearses it for many."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say
from holdfast.cli.state.again import command
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting

if TYPE_CHECKING:
    from datetime import timedelta

    from holdfast.client.backend import Backend
    from holdfast.client.history import Version
    from holdfast.operations.restore import Restoration, Restored


@click.command(
    "restore",
    epilog=epilog(
        "holdfast restore --to latest~1",
        "holdfast restore prod/app.tfstate --at '2026-01-31 14:05'",
        "holdfast restore prod/app.tfstate --serial 41 --lock-timeout 5m --yes",
        "holdfast restore --drill",
        "holdfast restore --drill prod/ --at 2d --json",
    ),
)
@click.argument("state", metavar="[STATE|PREFIX]", required=False)
@target_options
@click.option("--to", "to", metavar="VERSION", help="The version: an id, its beginning, latest~N.")
@click.option(
    "--at",
    "at",
    metavar="TIME",
    help="What it was then: 2026-01-31T14:05Z, 14:05 (UTC), 16:05+02:00, 2h (ago).",
)
@click.option(
    "--serial", metavar="N", type=click.IntRange(min=0), help="The version with that serial."
)
@click.option(
    "--lineage",
    type=click.Choice(["newest", "version"]),
    help="Whose lineage it gets, where the newest and the version are of different infrastructure.",
)
@click.option(
    "--as-is",
    is_flag=True,
    help="Write the very same bytes, old serial and all: for states encrypted by OpenTofu.",
)
@click.option(
    "--drill",
    is_flag=True,
    help="Change nothing; prove that every state below PREFIX could be restored.",
)
@lock_timeout_option
@yes_option
@json_option
def restore(
    *,
    target: Target,
    state: str | None,
    to: str | None,
    at: str | None,
    serial: int | None,
    lineage: Literal["newest", "version"] | None,
    as_is: bool,
    drill: bool,
    lock_timeout: "timedelta",
    yes: bool,
    as_json: bool,
) -> int:
    """Make an older version of a state the newest again. Shows the effect first, and asks.

    The old content is written under the lock, with the serial after the newest and the same lineage,
    and the digest is set. What was the newest stays as a version: the last line says how to undo it.
    A state that was deleted comes back in the same way.

    What Terraform knows changes, not what exists: run 'terraform plan' afterwards.
    """
    if drill:
        if to or serial is not None or lineage or as_is:
            raise CommandFailed(
                "--drill goes with --at only",
                "It takes the version before the newest, or the one that was the newest at a time.",
                ExitCode.USAGE,
            )
        from holdfast.cli.state.drill import run_drill

        return run_drill(target, state or "", at, as_json=as_json)
    name = _name(to, at, serial)
    from holdfast.operations import restore as operation
    from holdfast.operations.choosing import version_named

    backend = backend_of(target, state)
    chosen = version_named(backend, name)
    plan = operation.prepare(backend, chosen, lineage=lineage, as_is=as_is)
    if plan.same:
        return _say_same(plan, as_json=as_json)
    if not as_json:
        _show(plan)
    confirm(_will(plan), yes=yes, question="Restore it?")
    done = operation.restore(
        backend, plan, timeout=lock_timeout.total_seconds(), on_wait=tell_waiting
    )
    undo = _undo(target, state, backend, plan)
    if as_json:
        print_json(_document(done, undo))
    else:
        _tell(done, undo)
    return ExitCode.OK


def _name(to: str | None, at: str | None, serial: int | None) -> str:
    said = [
        name
        for name, given in (
            (to, to),
            (f"@{at}", at),
            (f"serial:{serial}", None if serial is None else "given"),
        )
        if given is not None and name is not None
    ]
    if len(said) != 1:
        raise CommandFailed(
            "say which version to go back to, in one way" if said else "no version was named",
            "Use one of --to VERSION, --at TIME, --serial N; 'holdfast versions' lists them.",
            ExitCode.USAGE,
        )
    return said[0]


def _say_same(plan: "Restoration", *, as_json: bool) -> int:
    if as_json:
        document = {"state": plan.address.url, "restored": False, "same": True}
        print_json({**document, "from_version": plan.chosen.version_id})
    else:
        which = safe(_version(plan.chosen))
        say(f"{safe(plan.address.url)} already holds what {which} holds; nothing was changed.")
    return ExitCode.OK


def _show(plan: "Restoration") -> None:
    """Print the effect."""
    from holdfast.cli.state.difference import print_difference

    say(f"{safe(plan.address.url)} would go back to {_version(plan.chosen)}.")
    if plan.change is not None:
        print_difference(plan.change)
        _explain(plan)
    elif plan.new is None or plan.new.format == "encrypted":
        say("What would change cannot be shown: what is inside cannot be read.", Style.WARNING)
    else:
        held = sum(1 for _ in plan.new.managed)
        say(f"It would hold {held} managed resources; what is there now cannot be read.")


def _explain(plan: "Restoration") -> None:
    """Say what the effect means for what exists."""
    change = plan.change
    if change is None or plan.deleted:
        return
    managed = [each for each in change.instances if each.mode == "managed"]
    forgotten = sum(1 for each in managed if each.kind == "removed" or each.replaced)
    known = sum(1 for each in managed if each.kind == "added" or each.replaced)
    if forgotten:
        say(
            f"Terraform would forget {counted(forgotten, 'resource')} that may go on existing; what "
            "the configuration still has, the next apply makes a second time.",
            Style.WARNING,
        )
    if known:
        say(
            f"Terraform would manage {counted(known, 'resource')} again that it does not know now; "
            "what was destroyed since, the next apply makes anew.",
            Style.WARNING,
        )


def _will(plan: "Restoration") -> list[str]:
    kept = "" if plan.deleted else "; the present one stays as a version"
    written = f"{plan.address.url} is written with serial {plan.serial}, under its lock"
    return [*plan.notes, f"{written}{kept if plan.undoable else ''}."]


def _undo(target: Target, state: str | None, backend: "Backend", plan: "Restoration") -> str | None:
    named = [state] if state else []
    if plan.deleted:
        return command(target, "rm", *named, "--force")
    if plan.newest is None or not plan.undoable:
        return None
    as_is = ["--as-is"] if plan.old is None or plan.old.format == "encrypted" else []
    lineage = ["--lineage", "version"] if plan.lineage_changes else []
    return command(target, "restore", *named, "--to", plan.newest.version_id, *lineage, *as_is)


def _tell(done: "Restored", undo: str | None) -> None:
    plan = done.plan
    say(
        f"Restored: {safe(plan.address.url)} has serial {plan.serial} and was read back as written.",
        Style.GOOD,
    )
    note("See what it means for what exists: terraform plan")
    if undo:
        note(f"Undo it: {undo}")


def _version(version: "Version") -> str:
    from holdfast.operations.choosing import shown_version

    return shown_version(version)


def _document(done: "Restored", undo: str | None) -> dict[str, Any]:
    from holdfast.cli.state.difference import document

    plan = done.plan
    return {
        "state": plan.address.url,
        "restored": True,
        "from_version": plan.chosen.version_id,
        "replaced_version": plan.newest.version_id if plan.newest else None,
        "new_version": done.written.version_id,
        "serial": plan.serial,
        "lineage": plan.lineage,
        "was_deleted": plan.deleted,
        "digest": done.digest,
        "difference": document(plan.change) if plan.change else None,
        "notes": list(plan.notes),
        "undo": undo,
    }


def moment_of(at: str | None) -> datetime | None:
    """Return the point in time that `--at` says."""
    from holdfast.operations.moments import parse_moment

    return parse_moment(at, datetime.now(UTC)) if at else None
