"""`holdfast doctor`: checks a backend, and mends under the lock what can be mended."""

import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say, warn
from holdfast.cli.progress import Progress
from holdfast.cli.state.again import command
from holdfast.cli.state.lost_apply import lost_state
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, backend_of, target_options

if TYPE_CHECKING:
    from datetime import timedelta

    from holdfast.client.backend import Backend
    from holdfast.operations.doctor.diagnosis import Diagnosis
    from holdfast.operations.doctor.finding import Finding
    from holdfast.operations.doctor.mend import Mended
    from holdfast.operations.doctor.survey import Options

_SHOWN = 20  # findings of one check
_STYLES = {"error": Style.BAD, "warning": Style.WARNING, "note": Style.PLAIN}


def _ids(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """Return ids that were given one by one or with commas between them."""
    return [one.strip().upper() for text in given for one in text.split(",") if one.strip()]


@click.command(
    "doctor",
    epilog=epilog(
        "holdfast doctor",
        "holdfast doctor --prefix prod/ --fail-on error",
        "holdfast doctor --as ci --only HF504,HF505",
        "holdfast doctor --fix HF301 --prefix prod/app.tfstate",
        "holdfast doctor --json | jq '.findings[] | [.id, .subject]'",
    ),
)
@click.option(
    "--prefix", metavar="TEXT", default="", help="Only states whose key begins with this."
)
@click.option(
    "--only", metavar="ID", multiple=True, callback=_ids, help="Only these checks, such as HF301."
)
@click.option(
    "--as",
    "profiles",
    metavar="PROFILE",
    multiple=True,
    help="Try what an AWS profile may do: read, write, lock. Nothing is changed.",
)
@click.option(
    "--fix",
    metavar="ID",
    multiple=True,
    callback=_ids,
    help="Mend what these checks find: HF201, HF202, HF301 to HF304.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["note", "warning", "error", "never"]),
    default="warning",
    show_default=True,
    help="The mildest finding that makes the exit code 15.",
)
@click.option(
    "--stale-after",
    callback=span,
    metavar="SPAN",
    default="2h",
    show_default=True,
    help="The age from which a lock is called stale.",
)
@click.option(
    "--history",
    type=click.IntRange(min=0),
    metavar="COUNT",
    help="How many older versions of each state to read. [default: 10; fewer of very many states]",
)
@target_options
@yes_option
@json_option
def doctor(
    *,
    target: Target,
    prefix: str,
    only: list[str],
    profiles: tuple[str, ...],
    fix: list[str],
    fail_on: str,
    stale_after: "timedelta",
    history: int | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Look for everything that is wrong with a backend, and say how to mend it.

    Looks at the settings of the bucket, the lock table and the KMS key, at every lock, digest and
    state, and at the histories of the states. Nothing is changed without --fix. Each check has an id
    that never changes; docs/reference/doctor.md explains them all.
    """
    from holdfast.operations.doctor.finding import Severity
    from holdfast.operations.doctor.survey import Options

    _check_ids(only, fix)
    if not profiles and any(one.startswith("HF5") for one in only):
        raise click.UsageError("HF501 to HF507 are about clients: say whose profile with --as")
    if fix and (only or profiles):
        raise click.UsageError("--fix mends what its own checks find; leave --only and --as out")
    backend = backend_of(target, whole_bucket=True)
    options = Options(prefix, stale_after, history, profiles, _again(target))
    if fix:
        return _fix(backend, options, frozenset(fix), yes=yes, as_json=as_json)
    diagnosis = _diagnosed(backend, options, frozenset(only))
    if as_json:
        print_json(_document(backend, diagnosis))
    else:
        _print(backend, diagnosis)
        _mention_lost_apply(target)
    bad = fail_on != "never" and diagnosis.at_least(Severity[fail_on.upper()])
    return ExitCode.FINDINGS if bad else ExitCode.OK


def _again(target: Target) -> tuple[str, ...]:
    """Return the options that lead to the same bucket; the commands of fixes name the state."""
    said = command(replace(target, key=None, workspace=None), "doctor")
    return tuple(shlex.split(said)[2:])


def _check_ids(only: Iterable[str], fix: Iterable[str]) -> None:
    from holdfast.operations.doctor.table_of_checks import CHECKS

    for one in (*only, *fix):
        if one not in CHECKS:
            raise click.UsageError(f"there is no check {one}; docs/reference/doctor.md lists them")
    for one in fix:
        if not CHECKS[one].mendable:
            raise click.UsageError(
                f"{one} cannot be mended with --fix. {CHECKS[one].remedy} "
                "Each finding says the exact command"
            )


def _diagnosed(backend: "Backend", options: "Options", only: frozenset[str]) -> "Diagnosis":
    from holdfast.operations.doctor.diagnosis import diagnose

    with Progress("looking at states") as progress:
        return diagnose(backend.connection, options, only=only, progress=progress)


def _print(backend: "Backend", diagnosis: "Diagnosis") -> None:
    said: dict[str, str] = {}  # fix -> the check that said it first
    for (check, severity), group in groupby(diagnosis.findings, lambda f: (f.check, f.severity)):
        findings = list(group)
        say(f"{check.id} {severity.word}: {check.title}", _STYLES[severity.word])
        for finding in findings[:_SHOWN]:
            before = said.setdefault(finding.fix, check.id)
            _print_finding(finding, "" if before == check.id else before)
        if len(findings) > _SHOWN:
            say(f"  and {len(findings) - _SHOWN:,} more: --only {check.id} --json lists all")
            say()
    for gap in diagnosis.not_checked[:_SHOWN]:
        ids = ", ".join(check.id for check in gap.checks)
        note(f"Not checked: {ids} of {safe(gap.subject)}: {safe(gap.why)}.")
    if len(diagnosis.not_checked) > _SHOWN:
        note(f"Not checked: {len(diagnosis.not_checked) - _SHOWN:,} more; --json lists all.")
    say(_summary(backend, diagnosis))


def _mention_lost_apply(target: Target) -> None:
    """Say that a state lies here which was not stored: no service knows of it."""
    path = lost_state(target)
    if not (target.url or target.bucket) and path.is_file():
        warn(
            f"{safe(str(path))} lies here: an apply could not store its state. "
            f"Bring it home before the next one: {command(target, 'rescue')}"
        )


def _print_finding(finding: "Finding", same_as: str) -> None:
    """Print a finding; a command is never broken into lines, so that it can be copied."""
    say(f"  {safe(finding.subject)}", Style.STRONG)
    say(_wrapped(f"{safe(finding.evidence)}."))
    fix = f"the command of {same_as} ends this too" if same_as else finding.fix
    first, *rest = fix.splitlines()
    say(f"  Fix: {safe(first)}")
    for line in rest:
        say(f"       {safe(line)}")
    say()


def _wrapped(text: str) -> str:
    """Return text below a finding, in lines that fit a terminal; in one line where there is none."""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    if not room:
        return f"  {text}"
    return click.wrap_text(text, room, initial_indent="  ", subsequent_indent="  ")


def _summary(backend: "Backend", diagnosis: "Diagnosis") -> str:
    counts: dict[str, int] = {}
    for finding in diagnosis.findings:
        counts[finding.severity.word] = counts.get(finding.severity.word, 0) + 1
    found = ", ".join(counted(count, word) for word, count in counts.items()) or "nothing wrong"
    unsure = {check for gap in diagnosis.not_checked for check in gap.checks}
    looked = counted(len(diagnosis.checked), "check")
    if unsure:
        looked += f", {len(unsure)} of them not or not everywhere"
    states = f" of {counted(diagnosis.states, 'state')}" if diagnosis.states else ""
    return f"{backend.settings.bucket}: {found} ({looked}{states})"


def _document(backend: "Backend", diagnosis: "Diagnosis") -> dict[str, Any]:
    return {
        "bucket": backend.settings.bucket,
        "table": backend.settings.dynamodb_table,
        "states": diagnosis.states,
        "checked": [check.id for check in diagnosis.checked],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "not_checked": _gaps(diagnosis),
    }


def _gaps(diagnosis: "Diagnosis") -> list[dict[str, Any]]:
    return [
        {"ids": [check.id for check in gap.checks], "subject": gap.subject, "why": gap.why}
        for gap in diagnosis.not_checked
    ]


def _finding(finding: "Finding") -> dict[str, Any]:
    return {
        "id": finding.check.id,
        "severity": finding.severity.word,
        "title": finding.check.title,
        "subject": finding.subject,
        "key": finding.address.object_key if finding.address else None,
        "evidence": finding.evidence,
        "fix": finding.fix,
        "mendable": finding.check.mendable,
    }


def _fix(
    backend: "Backend", options: "Options", fix: frozenset[str], *, yes: bool, as_json: bool
) -> int:
    from holdfast.operations.doctor.mend import mend, will

    diagnosis = _diagnosed(backend, options, fix)
    for gap in () if as_json else diagnosis.not_checked[:_SHOWN]:
        note(f"Not checked: {safe(gap.subject)}: {safe(gap.why)}.")
    unsure = bool(diagnosis.not_checked)
    if not diagnosis.findings:
        if as_json:
            print_json({"mended": [], "failed": [], "not_checked": _gaps(diagnosis)})
        else:
            where = " where we could look" if unsure else ""
            say(f"There is nothing to mend: {', '.join(sorted(fix))} found nothing{where}.")
        return ExitCode.FAILED if unsure else ExitCode.OK
    confirm([will(finding) for finding in diagnosis.findings], yes=yes, question="Mend this?")
    results = list(mend(backend.connection, diagnosis.findings))
    if as_json:
        print_json(
            {
                "mended": [_result(one) for one in results if not one.problem],
                "failed": [_result(one) for one in results if one.problem],
                "not_checked": _gaps(diagnosis),
            }
        )
    else:
        for one in results:
            _tell(one)
    failed = [one for one in results if one.problem]
    if failed and not as_json:
        raise CommandFailed(
            f"{len(failed)} of {len(results)} could not be mended", failed[0].next_step
        )
    return ExitCode.FAILED if failed else ExitCode.OK


def _tell(one: "Mended") -> None:
    subject = safe(one.finding.subject)
    if one.problem:
        say(f"{one.finding.check.id} {subject}: not mended: {safe(one.problem)}", Style.BAD)
    else:
        say(f"{one.finding.check.id} {subject}: {safe(one.done)}", Style.GOOD)


def _result(one: "Mended") -> dict[str, Any]:
    return {
        "id": one.finding.check.id,
        "subject": one.finding.subject,
        "done": one.done or None,
        "problem": one.problem or None,
        "next": one.next_step or None,
    }
