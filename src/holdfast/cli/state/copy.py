"""`holdfast copy`: states with their whole history, between keys, buckets and endpoints."""

import os
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import human_size
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say, warn
from holdfast.cli.progress import Progress

if TYPE_CHECKING:
    from holdfast.client.locking import Waiting
    from holdfast.operations.copying.ends import End
    from holdfast.operations.copying.many import Result, Tasks
    from holdfast.terraform.address import StateAddress

_EXAMPLES = (
    "holdfast copy 's3://old/app.tfstate?lock_table=locks' 's3://new/app.tfstate?use_lockfile=true'",
    "holdfast copy . 's3://new/app.tfstate?region=eu-west-1&use_lockfile=true' --workspaces",
    "holdfast copy 's3://old/prod/?lock_table=locks' 's3://new/prod/?profile=aws' --dry-run",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What was asked for, as the last lines need it."""

    source: str
    workspaces: bool
    dry_run: bool


@click.command("copy", epilog=epilog(*_EXAMPLES))
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("--workspaces", is_flag=True, help="All workspaces of the key, not only one.")
@click.option("--newest", is_flag=True, help="Only the newest version, without its history.")
@click.option(
    "--force", is_flag=True, help="Copy over another state; it stays there as an older version."
)
@click.option("--dry-run", is_flag=True, help="Show what would be copied, and stop.")
@click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=0.0,
    help="How long to wait for a lock that somebody holds.",
)
@yes_option
@json_option
def copy(
    *,
    source: str,
    target: str,
    workspaces: bool,
    newest: bool,
    force: bool,
    dry_run: bool,
    lock_timeout: float,
    yes: bool,
    as_json: bool,
) -> int:
    """Copy states with their whole history, from one backend to another.

    SOURCE and TARGET are URLs, s3://BUCKET/KEY?region=..&lock_table=..&use_lockfile=true&endpoint=..
    &profile=.., or Terraform directories. A path that ends in / means all states below it.

    Each state is locked at both ends, in the way its URL says. All versions are copied, the oldest
    first and deletions too, then read back and compared; the digest is set. A run that was stopped,
    even by kill -9, goes on where it was when it is repeated. The source is never changed.
    """
    from holdfast.operations.copying.ends import check_apart, end_of
    from holdfast.operations.copying.many import copy_all, tasks_of
    from holdfast.operations.copying.one_state import Options

    here, there = end_of(source, os.environ), end_of(target, os.environ)
    check_apart(here, there)
    found = tasks_of(here, there, workspaces=workspaces)
    if not found.tasks:
        raise CommandFailed(
            f"there are no states below {here.url}",
            "'holdfast states' lists them.",
            ExitCode.NOT_FOUND,
        )
    for key in found.not_states:
        note(f"{safe(key)} is not a state, and is left out")
    if not dry_run:
        _confirm(here, there, found, newest=newest, force=force, yes=yes)
    options = Options(force, newest, dry_run, lock_timeout, _waiting)
    results: list[Result] = []
    with Progress("copying", show=human_size) as progress:
        try:
            for result in copy_all(here, there, found.tasks, options, progress):
                results.append(result)
                if not as_json:
                    progress.finish()
                    _print_result(result, dry_run=dry_run)
        except KeyboardInterrupt:
            progress.finish()
            note("Stopped. What was copied is there; run the command again, and it goes on.")
            raise
    failed = [result for result in results if result.problem]
    if as_json:
        print_json({"dry_run": dry_run, "states": [_document(result) for result in results]})
    else:
        _print_end(here, there, results, Ended(source, workspaces, dry_run))
    return _code(failed)


def _confirm(
    here: "End", there: "End", found: "Tasks", *, newest: bool, force: bool, yes: bool
) -> None:
    from holdfast.operations.versioning import keeps_versions

    number = len(found.tasks)
    size = human_size(sum(task.size for task in found.tasks))
    states = "1 state" if number == 1 else f"{number} states"
    will = [f"{states} ({size}) will be copied from {here.url} to {there.url}."]
    will += [
        f"{end.url} will NOT be locked: say its lock_table or use_lockfile=true in the URL."
        for end in (here, there)
        if not end.backend.settings.lock_places
    ]
    if not newest and not keeps_versions(there.backend):
        will.append(f"{there.url} keeps no versions: only the newest of each state will be copied.")
    if force:
        will.append("What is there will be REPLACED; it stays as an older version.")
    confirm(will, yes=yes)


def _waiting(waiting: "Waiting") -> None:
    who = waiting.holder.who if waiting.holder else "somebody"
    note(f"Waiting for the lock that {safe(who)} holds, {waiting.left:.0f} s more")


def _print_result(result: "Result", *, dry_run: bool) -> None:
    arrow = f"{safe(result.task.source.object_key)} -> {safe(result.task.target.object_key)}"
    if result.problem:
        say(f"{arrow}: not copied", Style.BAD)
        say(f"  {safe(str(result.problem))}")
        return
    copied = result.copied
    if copied is None:
        return
    would = "to copy" if dry_run else "copied"
    text = f"{copied.copied} of {copied.versions} versions {would}, {human_size(copied.size)}"
    if copied.there_before:
        text += f", {copied.there_before} were there"
    if not dry_run:
        text += f", {copied.verified} read back and compared"
    say(f"{arrow}: {text}", Style.PLAIN if dry_run else Style.GOOD)
    if copied.left_out:
        warn(f"{copied.left_out} older versions of {arrow} are not copied: only the newest is kept")


def _print_end(here: "End", there: "End", results: "list[Result]", ended: Ended) -> None:
    failed = sum(1 for result in results if result.problem)
    if ended.dry_run:
        note("Nothing was copied: this was a dry run.")
        return
    if failed:
        note(
            f"{failed} of {len(results)} states were not copied. "
            "Run the command again once that is mended."
        )
        return
    _print_next(here, there, results[0].task.target, ended)


def _print_next(here: "End", there: "End", address: "StateAddress", ended: Ended) -> None:
    """Print what is left to do, with everything that it takes."""
    from holdfast.operations.copying.target_block import left_out, target_block

    keys = "" if there.prefix is None else ", each with its own key"
    note(f"The source, {here.url}, is as it was. Terraform goes on with this backend block{keys}:")
    note("")
    for line in target_block(there.backend, address).splitlines():
        note(f"  {safe(line)}")
    note("")
    secrets = left_out(there.backend)
    if secrets:
        note(f"Left out, for the environment or a profile: {', '.join(secrets)}.")
    note("Then: terraform init -reconfigure && terraform plan")
    note("Once the plan is empty everywhere, you may remove the source:")
    note(f"  {safe(_removal(here, ended))}")


def _removal(here: "End", ended: Ended) -> str:
    """Return the command that removes the source, at the endpoint and with the profile it has."""
    settings = here.backend.settings
    if here.prefix is None:
        where = f"--url {quote(ended.source)}"
        if not ended.source.startswith("s3://"):
            where = f"--chdir {quote(ended.source)}"
        elif any(f"{name}=" in ended.source for name in ("secret_key", "token", "customer_key")):
            where = "--url SOURCE"
        every = " --workspace NAME" if ended.workspaces else ""
        return f"holdfast rm --force {where}{every}"
    command = f"aws s3 rm --recursive {quote(here.url)}"
    if not here.backend.connection.is_aws:
        command += f" --endpoint-url {quote(here.backend.connection.s3.meta.endpoint_url)}"
    for option, value in (("region", settings.region), ("profile", settings.profile)):
        command += f" --{option} {quote(value)}" if value else ""
    return command


def _document(result: "Result") -> dict[str, Any]:
    copied, problem = result.copied, result.problem
    return {
        "source": result.task.source.url,
        "target": result.task.target.url,
        "versions": copied.versions if copied else None,
        "there_before": copied.there_before if copied else None,
        "copied": copied.copied if copied else None,
        "left_out": copied.left_out if copied else None,
        "size": copied.size if copied else None,
        "verified": copied.verified if copied else None,
        "error": problem.happened if problem else None,
        "next": problem.next_step if problem else None,
    }


def _code(failed: "list[Result]") -> int:
    """Return the code of what went wrong, if that is one thing."""
    from holdfast.cli.state.failures import code_of

    codes = {code_of(result.problem) for result in failed if result.problem}
    if not codes:
        return ExitCode.OK
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED
