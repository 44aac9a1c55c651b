"""`holdfast blame`: which version introduced or changed something."""

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import ago, counted, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, say
from holdfast.cli.state.target import Target, backend_of, target_options

if TYPE_CHECKING:
    from holdfast.operations.blame import Blame, Entry

_STYLES = {
    "introduced": Style.ADDED,
    "changed": Style.CHANGED,
    "replaced": Style.CHANGED,
    "moved": Style.CHANGED,
    "removed": Style.REMOVED,
    "metadata": Style.DIM,
}


@click.command(
    "blame",
    epilog=epilog(
        "holdfast blame aws_instance.web",
        "holdfast blame 'module.net[\"eu\"].aws_subnet.a[0].tags.Name' --limit 1",
        "holdfast blame output.url --key prod/app.tfstate",
    ),
)
@click.argument("address", metavar="ADDRESS[.ATTRIBUTE]")
@target_options
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    help="Stop after N versions that changed it; 1 finds the last change only.",
)
@json_option
def blame(*, target: Target, address: str, limit: int | None, as_json: bool) -> int:
    """Show which versions introduced and changed a resource, an attribute of it or an output.

    Newest first. A resource that was moved is followed to its older addresses, one that is gone back to
    the version that removed it. Sensitive values are not shown. Times are UTC.
    """
    from holdfast.cli.progress import Progress
    from holdfast.operations.blame import blame as find
    from holdfast.operations.resource_names import parse_name

    name = parse_name(address)
    backend = backend_of(target)
    with Progress("reading versions") as progress:
        found = find(backend, name, limit=limit, progress=progress)
    if as_json:
        print_json(_document(backend.address.url, address, found))
    else:
        _print(found)
    return ExitCode.OK


def _print(found: "Blame") -> None:
    from holdfast.cli.state.difference import attribute_lines, shown

    for entry in found.entries:
        version = entry.version
        serial = f"serial {version_serial(entry)}"
        say(
            f"{timestamp(version.last_modified)}  {entry.kind:<10}  {serial}  {version.version_id}"
            f"  ({ago(version.last_modified)})",
            _STYLES[entry.kind],
        )
        if entry.moved_from:
            say(f"    from {safe(entry.moved_from)} to {safe(entry.address)}")
        for line, style in attribute_lines(entry.attributes):
            say(f"    {line}", style)
        for each in entry.metadata:
            say(f"    ~ ({each.name}): {shown(each.before)} -> {shown(each.after)}", Style.DIM)
    if not found.entries:
        say("No version changed it since the oldest that there is.")
    for passed in found.passed:
        note(f"{passed.version.version_id} was passed over: {passed.problem}")
    last = found.introduced
    if last and last.before is None:
        note("The oldest version already has it; it may be older than the versions that are kept.")
    elif not found.complete:
        note(f"Stopped after {counted(len(found.entries), 'change')}; there may be older ones.")


def version_serial(entry: "Entry") -> str:
    """Return the serial of the version, for reading."""
    return "-" if entry.serial is None else f"{entry.serial}"


def _document(url: str, address: str, found: "Blame") -> dict[str, Any]:
    from holdfast.cli.state.difference import attribute_document, plain

    return {
        "state": url,
        "name": address,
        "complete": found.complete,
        "entries": [
            {
                "change": entry.kind,
                "version": entry.version.version_id,
                "when": entry.version.last_modified,
                "serial": entry.serial,
                "before": entry.before.version_id if entry.before else None,
                "address": entry.address,
                "moved_from": entry.moved_from or None,
                "attributes": [attribute_document(each) for each in entry.attributes],
                "metadata": [
                    {"name": each.name, "before": plain(each.before), "after": plain(each.after)}
                    for each in entry.metadata
                ],
            }
            for entry in found.entries
        ],
        "passed_over": [
            {"version": each.version.version_id, "problem": each.problem} for each in found.passed
        ],
    }
