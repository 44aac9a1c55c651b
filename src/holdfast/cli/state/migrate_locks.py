"""`holdfast migrate-locks`: from locks in a DynamoDB table to lock files, across a directory tree."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say, warn
from holdfast.cli.progress import Progress
from holdfast.cli.state.migrate_locks_output import (
    count,
    files,
    plan_document,
    print_plan,
    print_remarks,
    print_rewrites,
    print_verified,
    rewrite_documents,
    say_reconfigure,
    verified_document,
)

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.operations.migrate_locks.planning import Plan, Rewrite
    from holdfast.operations.migrate_locks.tree import Configuration, Survey
    from holdfast.operations.migrate_locks.verifying import Straggler

Function = Callable[..., Any]

_SECONDS = {"s": 1, "m": 60, "h": 3600}

_directory = click.argument(
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    required=False,
)
_backend_files = click.option(
    "--backend-files",
    metavar="PATTERN",
    multiple=True,
    default=("*.tfbackend",),
    show_default=True,
    help="Names of files with backend arguments, such as 'backend*.hcl'. May be repeated.",
)


def _tree_options(function: Function) -> Function:
    decorated: Function = _directory(_backend_files(json_option(function)))
    return decorated


@click.group("migrate-locks", epilog=epilog("holdfast migrate-locks plan"))
def migrate_locks() -> None:
    r"""Go from a DynamoDB lock table to lock files, in every directory of a tree.

    \b
    plan     what would be rewritten, and whether the backends are ready
    apply    lock in both places: add 'use_lockfile = true' beside 'dynamodb_table'
    verify   see that both locks are taken, and that digests are right
    finish   take 'dynamodb_table' out, remove the digests and, if asked, the table

    Between 'apply' and 'finish' old and new checkouts exclude each other. Comments and formatting
    stay as they are, to the byte.
    """


@migrate_locks.command("plan", epilog=epilog("holdfast migrate-locks plan infrastructure/"))
@_tree_options
@click.option("--offline", is_flag=True, help="Look at files only; ask no backend.")
@click.option("--no-probe", is_flag=True, help="Do not try whether lock files may be written.")
def plan_command(
    *, directory: Path, backend_files: tuple[str, ...], offline: bool, no_probe: bool, as_json: bool
) -> int:
    """Show what would be rewritten, and whether the backends are ready for it.

    For each backend: how it locks now, its states, live locks, and whether we may put, read and delete
    its lock file. That is tried: for some milliseconds a lock file lies beside each state.
    """
    plan = _planned(directory, backend_files, offline=offline, probe=not no_probe)
    if as_json:
        print_json(plan_document(plan))
    else:
        print_plan(plan)
    return ExitCode.FINDINGS if plan.problems else ExitCode.OK


@migrate_locks.command("apply", epilog=epilog("holdfast migrate-locks apply infrastructure/"))
@_tree_options
@yes_option
@click.option("--dry-run", is_flag=True, help="Show the lines that would change, and stop.")
@click.option("--offline", is_flag=True, help="Rewrite without asking any backend.")
@click.option("--no-probe", is_flag=True, help="Do not try whether lock files may be written.")
def apply_command(
    *,
    directory: Path,
    backend_files: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    offline: bool,
    no_probe: bool,
    as_json: bool,
) -> int:
    """Add 'use_lockfile = true' wherever 'dynamodb_table' is set, so that both are locked.

    Nothing is written while a state is locked, or where lock files cannot be used. Doing it twice
    changes nothing.
    """
    from holdfast.operations.migrate_locks.applying import write

    plan = _planned(directory, backend_files, offline=offline, probe=not no_probe)
    if dry_run or not plan.rewrites:
        return _unwritten(plan, as_json=as_json)
    _refuse(plan.problems)
    if not as_json:
        print_rewrites(plan.rewrites)
        print_remarks(plan)
    confirm(f"{files(plan.rewrites)} will be rewritten.", yes=yes)
    write(plan.rewrites)
    if as_json:
        print_json({**plan_document(plan), "written": True})
        return ExitCode.OK
    say(f"{files(plan.rewrites)} rewritten: locks are in both places from now on.", Style.GOOD)
    say_reconfigure(plan.survey)
    note("Once all checkouts and pipelines have the change: holdfast migrate-locks verify")
    return ExitCode.OK


@migrate_locks.command("verify", epilog=epilog("holdfast migrate-locks verify infrastructure/"))
@_tree_options
@click.option(
    "--watch",
    metavar="TIME",
    help="Watch the locks for so long (30s, 10m, 8h), and name clients that take only one of the two.",
)
def verify_command(
    *, directory: Path, backend_files: tuple[str, ...], watch: str | None, as_json: bool
) -> int:
    """See that locks are taken in both places and that digests are right.

    Takes the lock of each backend for a moment. Changes nothing.
    """
    from holdfast.operations.migrate_locks.opening import Backends
    from holdfast.operations.migrate_locks.verifying import verify

    seconds = _seconds(watch) if watch else 0
    survey = _surveyed(directory, backend_files)
    backends = Backends()
    checked = [verify(each, backends) for each in survey.configurations if _concerns(each)]
    if not as_json:
        for each in checked:
            print_verified(each, directory)
    stragglers = _watched([v.configuration for v in checked], backends, seconds, as_json=as_json)
    problems = [problem for each in checked for problem in each.problems]
    problems += [str(each) for each in stragglers]
    if as_json:
        print_json(
            {"backends": [verified_document(each) for each in checked], "problems": problems}
        )
    elif not checked:
        note(f"No backend below {directory} locks with a table.")
    elif not problems:
        say("Every lock is in both places.", Style.GOOD)
        note("When you are sure of all clients: holdfast migrate-locks finish")
    return ExitCode.FINDINGS if problems else ExitCode.OK


@migrate_locks.command("finish", epilog=epilog("holdfast migrate-locks finish infrastructure/"))
@_tree_options
@yes_option
@click.option("--dry-run", is_flag=True, help="Show what would be done, and stop.")
@click.option(
    "--delete-table", is_flag=True, help="Delete the lock table too, if it is empty then."
)
@click.option(
    "--lock-table",
    metavar="NAME",
    help="The table, for backends whose files do not name it any more: to do the rest later.",
)
def finish_command(
    *,
    directory: Path,
    backend_files: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    delete_table: bool,
    lock_table: str | None,
    as_json: bool,
) -> int:
    """Take 'dynamodb_table' out, and remove the digests of these states from the table.

    Refused while a state is locked, or where a backend has no lock file yet. The table itself is
    deleted only with --delete-table, and only if nothing else is in it.
    """
    from holdfast.operations.migrate_locks.applying import write
    from holdfast.operations.migrate_locks.finish_plan import plan_finish

    survey = _surveyed(directory, backend_files)
    plan = plan_finish(survey, lock_table)
    _refuse(plan.problems)
    if not as_json:
        print_rewrites(plan.rewrites)
    will = plan.sentences(delete_table=delete_table)
    document = {"rewrites": rewrite_documents(plan.rewrites), "digests": plan.digests}
    if dry_run or not will:
        if as_json:
            print_json({**document, "done": False})
        for line in will or ["Nothing to do: no backend below names a lock table."]:
            note(line)
        return ExitCode.OK
    confirm(will, yes=yes)
    dropped = plan.drop_digests()
    write(plan.rewrites)
    if not as_json:
        _print_finished(survey, plan.rewrites, dropped)
    deleted = plan.delete_tables() if delete_table else []
    if as_json:
        print_json({**document, "done": True, "tables_deleted": deleted})
        return ExitCode.OK
    for name in deleted:
        say(f"Table {name} deleted.", Style.GOOD)
    if not delete_table:
        note(
            "The table is still there. Once nobody else needs it: "
            f"holdfast migrate-locks finish --lock-table {plan.tables[0]} --delete-table"
        )
    return ExitCode.OK


def _print_finished(survey: "Survey", rewrites: "tuple[Rewrite, ...]", dropped: list[str]) -> None:
    if rewrites or dropped:
        say(f"{files(rewrites)} rewritten, {count(dropped, 'digest')} removed.", Style.GOOD)
    if rewrites:
        say_reconfigure(survey)
        note("Run 'terraform fmt' where you keep '=' aligned.")
        warn(
            "whoever still has the old backend block writes digests again, and then cannot read what "
            "others write: bring this change everywhere at once"
        )


def _surveyed(directory: Path, backend_files: tuple[str, ...]) -> "Survey":
    from holdfast.operations.migrate_locks.tree import survey

    found = survey(directory, backend_files)
    if not found.configurations and not found.unattached:
        where = [f"{each.path}:{each.line}" for each in found.mentions]
        elsewhere = f"dynamodb_table is named in what is not rewritten here: {', '.join(where)}"
        raise CommandFailed(
            f'no backend "s3" was found below {directory}',
            elsewhere if where else "Name the top of the tree with your Terraform directories.",
            ExitCode.NOT_FOUND,
        )
    return found


def _planned(
    directory: Path, backend_files: tuple[str, ...], *, offline: bool, probe: bool
) -> "Plan":
    from holdfast.operations.migrate_locks.opening import Backends
    from holdfast.operations.migrate_locks.planning import adding, plan

    survey = _surveyed(directory, backend_files)
    with Progress("asking the backends") as progress:
        opened = None if offline else Backends()
        return plan(survey, adding(survey), opened, probe=probe, progress=progress)


def _concerns(configuration: "Configuration") -> bool:
    return configuration.mode in {"table", "both", "unknown"}


def _seconds(text: str) -> float:
    number, unit = text[:-1], text[-1:]
    if unit not in _SECONDS or not number.isdecimal():
        raise click.BadParameter(f"{text!r} is not a time such as 30s, 10m or 8h")
    return int(number) * _SECONDS[unit]


def _watched(
    configurations: "list[Configuration]",
    open_backend: "Callable[[Configuration], Backend]",
    seconds: float,
    *,
    as_json: bool,
) -> "list[Straggler]":
    from holdfast.operations.migrate_locks.verifying import watch

    both = [
        open_backend(each) for each in configurations if each.mode == "both" and each.is_complete
    ]
    if not seconds or not both:
        return []
    if not as_json:
        note(f"Watching {count(both, 'backend')}; Ctrl-C ends it.")
    found = []
    for straggler in watch(both, seconds):
        found.append(straggler)
        if not as_json:
            warn(safe(str(straggler)))
    return found


def _refuse(problems: tuple[str, ...]) -> None:
    if not problems:
        return
    mend = "Mend that and run the command again. 'holdfast migrate-locks plan' shows everything."
    why = problems[0]
    if len(problems) > 1:
        why, mend = f"{len(problems)} problems", "\n".join((*problems, mend))
    raise CommandFailed(f"refused, nothing was changed: {why}", mend, ExitCode.REFUSED)


def _unwritten(plan: "Plan", *, as_json: bool) -> int:
    """End without writing: nothing is to be written, or only a look was asked for."""
    if as_json:
        print_json({**plan_document(plan), "written": False})
        return ExitCode.OK
    print_rewrites(plan.rewrites)
    print_remarks(plan)
    if plan.rewrites:
        note(f"{files(plan.rewrites)} would be rewritten.")
    else:
        note("Nothing to do: no backend below locks with a table only.")
    return ExitCode.OK
