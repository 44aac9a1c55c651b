"""`holdfast diff`: what changed between two states."""

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json, say
from holdfast.cli.state.target import Target, backend_of, target_options

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.operations.compare import Comparison, Side


_HELP = """Show what changed between two states: by default the newest and the one before.

\b
OLD and NEW are each one of
  latest, latest~N   the newest version, or N versions before it
  serial:N           the version with that serial
  @TIME              the newest then: @2026-01-31T14:05Z, @14:05, @2h
  VERSION            an id from 'holdfast versions', or its beginning
  FILE               a state file, such as errored.tfstate
  key:KEY            the state at another key of the bucket
  workspace:NAME     the state of another workspace
  s3://BUCKET/KEY    a state anywhere; options as for --url

After the last three, '#' and a version: 'workspace:dev#latest~1'. Sensitive values are not shown.
Resources that only moved are recognised.
"""


@click.command(
    "diff",
    help=_HELP,
    epilog=epilog(
        "holdfast diff",
        "holdfast diff serial:41 latest",
        "holdfast diff @2h",
        "holdfast diff latest errored.tfstate",
        "holdfast diff workspace:staging workspace:production --exit-code",
        "holdfast diff --key prod/app.tfstate 'latest~3' --json",
    ),
)
@click.argument("old", metavar="[OLD]", default="latest~1")
@click.argument("new", metavar="[NEW]", default="latest")
@target_options
@click.option("--exit-code", is_flag=True, help="Exit with 15 if they differ.")
@click.option("--summary", "only_summary", is_flag=True, help="Print only what changed, not how.")
@json_option
def diff(
    *,
    target: Target,
    old: str,
    new: str,
    exit_code: bool,
    only_summary: bool,
    as_json: bool,
) -> int:
    """Show what changed between two states."""
    from holdfast.operations.compare import compare

    def open_url(url: str) -> "Backend":
        return backend_of(replace(target, url=url, workspace=None, key=None))

    # Large states are very many objects, of which none is ever garbage here: to look for it among
    # them takes as long as a quarter of the comparison.
    gc.disable()
    try:
        found = compare(lambda: backend_of(target), old, new, open_url)
    finally:
        gc.enable()
    if as_json:
        print_json(document_of(found))
    else:
        print_comparison(found, only_summary=only_summary)
    return ExitCode.FINDINGS if exit_code and not found.same else ExitCode.OK


def print_comparison(found: "Comparison", *, only_summary: bool = False) -> None:
    """Print two states and what differs between them."""
    from holdfast.cli.state.difference import print_difference

    say(f"--- {safe(found.old.label)}", Style.REMOVED)
    say(f"+++ {safe(found.new.label)}", Style.ADDED)
    if found.change is None:
        for side in found.encrypted:
            say(f"{safe(side.label)}: encrypted by OpenTofu, serial {side.state.serial}")
        same = "They are the same bytes." if found.same_bytes else "Their bytes differ."
        say(f"{same} What is inside an encrypted state cannot be compared.", Style.WARNING)
        return
    for each in found.change.header:
        say(f"    {each.name}: {each.before} -> {each.after}", Style.DIM)
    print_difference(found.change, attributes=not only_summary)


def document_of(found: "Comparison") -> dict[str, Any]:
    """Return two states and what differs between them as they stand in JSON."""
    from holdfast.cli.state.difference import document

    return {
        "old": _side(found.old),
        "new": _side(found.new),
        "same": found.same,
        "difference": document(found.change) if found.change else None,
    }


def _side(side: "Side") -> dict[str, Any]:
    return {
        "name": side.label,
        "format": side.state.format,
        "serial": side.state.serial,
        "lineage": side.state.lineage,
    }
