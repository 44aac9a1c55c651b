"""`holdfast config generate`: the backends of a whole layout, from one small file."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, print_json, say, warn

if TYPE_CHECKING:
    from holdfast.client.config.generating import FileChange, Plan

_STYLES = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.DIM}


@click.command(
    "generate",
    epilog=epilog(
        "holdfast config generate",
        "holdfast config generate infrastructure/backends.toml --yes",
        "holdfast config generate --check",
    ),
)
@click.argument(
    "file", required=False, type=click.Path(dir_okay=False, path_type=Path), metavar="[FILE]"
)
@click.option("--check", is_flag=True, help="Write nothing; exit code 15 if something is to do.")
@click.option("--replace", is_flag=True, help="Replace files that were not made by this command.")
@yes_option
@json_option
def generate(*, file: Path | None, check: bool, replace: bool, yes: bool, as_json: bool) -> int:
    """Write the backend of every environment and component of a layout.

    FILE (backends.toml unless named) says bucket, region, lock mode, the template of the key, the
    environments and components, and where to write: a backend block if the name ends in .tf, else
    a .tfbackend file. Shows the difference first, and asks. Doing it twice changes nothing.

    Warns of backends below FILE's directory that share a state with one of the layout.
    """
    from holdfast.client.config import generating
    from holdfast.client.config.layout import DEFAULT_FILE, read_layout

    source = file or Path(DEFAULT_FILE)
    plan = generating.plan(read_layout(source), source)
    if not as_json:
        _print(plan)
    _refuse_foreign(plan, replace=replace or check)
    if plan.changes and not check:
        confirm(f"{counted(len(plan.changes), 'file')} will be written.", yes=yes)
        generating.write(plan.changes)
        if not as_json:
            say(f"Wrote {counted(len(plan.changes), 'file')}.", Style.GOOD)
    if as_json:
        print_json(_document(plan, written=not check))
    if plan.remarks or (check and plan.changes):
        return ExitCode.FINDINGS
    return ExitCode.OK


def _refuse_foreign(plan: "Plan", *, replace: bool) -> None:
    from holdfast.client.config.generating import Kind

    foreign = [str(file.path) for file in plan.files if file.kind is Kind.FOREIGN]
    if foreign and not replace:
        raise CommandFailed(
            f"not made by 'holdfast config generate': {', '.join(foreign)}",
            "Nothing was written. Add --replace to replace what is in them.",
            ExitCode.REFUSED,
        )


def _print(plan: "Plan") -> None:
    for change in plan.changes:
        for line in _difference(change):
            say(safe(line), _STYLES.get(line[:1], Style.PLAIN))
    same = len(plan.files) - len(plan.changes)
    to_write = counted(len(plan.changes), "file") if plan.changes else "Nothing"
    say(f"{to_write} to write, {same} as they should be.")
    for remark in plan.remarks:
        warn(safe(str(remark)))


def _difference(change: "FileChange") -> Iterator[str]:
    path = str(change.path)
    before = (change.before or "").splitlines()
    old = path if change.before is not None else "(no file)"
    return difflib.unified_diff(before, change.after.splitlines(), old, path, lineterm="")


def _document(plan: "Plan", *, written: bool) -> dict[str, Any]:
    return {
        "files": [{"path": file.path, "change": file.kind} for file in plan.files],
        "written": written,
        "warnings": [
            {
                "text": remark.text,
                "next": remark.next_step,
                "file": remark.origin.file if remark.origin else None,
                "line": remark.origin.line if remark.origin else None,
            }
            for remark in plan.remarks
        ],
    }
