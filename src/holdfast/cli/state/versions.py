"""`holdfast versions`: the history of a state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import ago, human_size, timestamp
from holdfast.cli.colours import Style
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, note, print_json
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options
from holdfast.cli.tables import Cell, Column, print_table

if TYPE_CHECKING:
    from holdfast.client.history import Version

_LIMIT = 50
_COLUMNS: list[Column | str] = [
    "WHEN",
    Column("AGO", optional=True),
    Column("SERIAL", right=True),
    Column("RESOURCES", right=True),
    Column("SIZE", right=True, optional=True),
    Column("TERRAFORM", optional=True),
    "VERSION",
    "",
]


@click.command(
    "versions",
    epilog=epilog(
        "holdfast versions",
        "holdfast versions prod/app.tfstate --limit 5",
        "holdfast versions --json | jq '.versions[].serial'",
    ),
)
@state_argument
@target_options
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=_LIMIT,
    show_default=True,
    help="How many to list, from the newest on; 0 for all.",
)
@json_option
def versions(*, target: Target, state: str | None, limit: int, as_json: bool) -> int:
    """List the versions of a state, newest first: when, serial, resources, size.

    Each line's VERSION (or enough of its beginning) is what 'diff' and 'restore' take. Times are UTC.
    """
    backend = backend_of(target, state)
    found = list(backend.history(limit=limit + 1 if limit else None))
    more = bool(limit) and len(found) > limit
    shown = found[:limit] if limit else found
    if not shown:
        raise CommandFailed(
            f"there is no state at {backend.address.url}, and no older version of one",
            "'holdfast states' lists the states there are.",
            ExitCode.NOT_FOUND,
        )
    if as_json:
        print_json(
            {
                "state": backend.address.url,
                "versions": [_document(each) for each in shown],
                "more": more,
            }
        )
        return ExitCode.OK
    print_table(_COLUMNS, [_row(each) for each in shown])
    for each in shown:
        if each.problem:
            note(f"{each.version_id} cannot be read: {each.problem}")
    if more:
        note(f"Only the newest {limit}; --limit 0 lists all.")
    return ExitCode.OK


def _row(version: "Version") -> Sequence[Cell | str | int | None]:
    when = timestamp(version.last_modified)
    age = ago(version.last_modified)
    if version.delete_marker:
        return (when, age, None, None, None, None, version.version_id, Cell("deleted", Style.BAD))
    return (
        when,
        age,
        version.serial,
        version.resources if version.format != "encrypted" else None,
        human_size(version.size),
        version.terraform_version or None,
        version.version_id,
        _mark(version),
    )


def _mark(version: "Version") -> Cell:
    if version.problem:
        return Cell("unreadable", Style.BAD)
    marks = ["latest"] if version.is_latest else []
    if version.format in {"encrypted", "empty"}:
        marks.append(version.format)
    return Cell(", ".join(marks), Style.GOOD if version.is_latest else Style.DIM)


def _document(version: "Version") -> dict[str, Any]:
    return {
        "version": version.version_id,
        "when": version.last_modified,
        "latest": version.is_latest,
        "deleted": version.delete_marker,
        "serial": version.serial,
        "lineage": version.lineage,
        "resources": version.resources,
        "outputs": version.outputs,
        "size": None if version.delete_marker else version.size,
        "terraform_version": version.terraform_version or None,
        "format": version.format,
        "problem": version.problem or None,
    }
