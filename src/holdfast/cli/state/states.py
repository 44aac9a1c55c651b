"""`holdfast states`: all states of a bucket."""

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import ago, counted, human_age, human_size
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, warn
from holdfast.cli.progress import Progress
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.tables import Cell, Column, Value, print_table

if TYPE_CHECKING:
    from holdfast.client.locking import Held
    from holdfast.operations.catalog import Catalog, Entry

_SORTS = ("name", "changed", "size", "resources", "serial")
_COLUMNS = (
    Column("STATE"),
    Column("SERIAL", right=True),
    Column("RESOURCES", right=True),
    Column("SIZE", right=True, optional=True),
    Column("CHANGED"),
    Column("TERRAFORM", optional=True),
    Column("LOCK"),
    Column("HEALTH"),
)


@click.command(
    "states",
    epilog=epilog(
        "holdfast states",
        "holdfast states --prefix prod/ --unhealthy",
        "holdfast states --bucket terraform-state --older-than 180d --sort size",
        "holdfast states --json | jq -r '.states[].url'",
    ),
)
@target_options
@click.option("--prefix", default="", help="Only keys that begin with this, in any workspace.")
@click.option("--locked", is_flag=True, help="Only states that are locked.")
@click.option("--unhealthy", is_flag=True, help="Only states that something is wrong with.")
@click.option(
    "--older-than", metavar="AGE", help="Only states not written since: 90d, 12h, 2026-01-31."
)
@click.option(
    "--sort",
    type=click.Choice(_SORTS),
    default="name",
    help="The order; the largest or latest first. By name it is a tree.",
)
@click.option("--no-cache", is_flag=True, help="Read every state, also those that did not change.")
@json_option
def states(
    *,
    target: Target,
    prefix: str,
    locked: bool,
    unhealthy: bool,
    older_than: str | None,
    sort: str,
    no_cache: bool,
    as_json: bool,
) -> int:
    """List all states of a bucket.

    Shows the serial, the managed resources, the size, the last change, the version of Terraform, who
    holds the lock, and what is wrong: a digest that is of other content, a state that cannot be read.
    States that did not change since the last time are not read again.

    Exits with 15 if --unhealthy found something.
    """
    from datetime import UTC, datetime

    from holdfast.operations.catalog import survey
    from holdfast.operations.fact_cache import FactCache
    from holdfast.operations.moments import parse_moment

    before = parse_moment(older_than, datetime.now(UTC)) if older_than else None
    connection = backend_of(target, whole_bucket=True).connection
    with Progress("reading states") as progress:
        cache = FactCache(None) if no_cache else None
        catalog = survey(connection, prefix, cache=cache, progress=progress)
    chosen = [
        entry
        for entry in catalog.entries
        if (not locked or entry.locks)
        and (not unhealthy or entry.problems)
        and (before is None or (entry.modified is not None and entry.modified < before))
    ]
    _sort(chosen, sort)
    if as_json:
        print_json(_document(catalog, chosen))
    else:
        _print(catalog, chosen, prefix, tree=sort == "name")
    return ExitCode.FINDINGS if unhealthy and chosen else ExitCode.OK


def _sort(entries: "list[Entry]", by: str) -> None:
    def measure(entry: "Entry") -> Any:
        if by == "changed":
            return entry.modified.timestamp() if entry.modified else 0.0
        if by == "size":
            return entry.stored.size if entry.stored else -1
        return getattr(entry.facts, by) if entry.facts else -1

    if by != "name":
        entries.sort(key=measure, reverse=True)


def _print(catalog: "Catalog", entries: "list[Entry]", prefix: str, *, tree: bool) -> None:
    terminal = sys.stdout.isatty()
    if tree and terminal:
        rows = _tree(entries)
    else:
        rows = [[entry.address.object_key, *_cells(entry)] for entry in entries]
    below = f" whose key begins with {prefix}" if prefix else ""
    nothing = (
        f"No states in s3://{catalog.bucket}{safe(below)}."
        if not catalog.entries
        else "No such states."
    )
    print_table(_COLUMNS, rows, empty=nothing)
    for entry in entries:
        for problem in entry.problems:
            warn(f"{entry.address.url}: {problem.text}")
    for text in catalog.unread:
        warn(text)
    if entries:
        note(_summary(catalog, entries))


def _summary(catalog: "Catalog", entries: "list[Entry]") -> str:
    resources = sum(entry.facts.resources for entry in entries if entry.facts)
    locked = sum(bool(entry.locks) for entry in entries)
    unhealthy = sum(bool(entry.problems) for entry in entries)
    parts = [
        f"{counted(len(entries), 'state')} in s3://{catalog.bucket}",
        counted(resources, "resource"),
    ]
    parts += [f"{locked:,} locked"] if locked else []
    parts += [f"{unhealthy:,} unhealthy"] if unhealthy else []
    others = [counted(catalog.others, "other object")] if catalog.others else []
    return ", ".join(parts + others)


def _tree(entries: "list[Entry]") -> list[list[Value]]:
    from holdfast.cli.state.tree import Branch

    root: Branch[Entry] = Branch()
    counts = Counter(entry.address.key for entry in entries)
    for entry in entries:
        path = entry.address.key.split("/")
        # The workspaces of a key stand below it.
        if entry.address.workspace != "default" or counts[entry.address.key] > 1:
            path.append(f"[{entry.address.workspace}]")
        root.add(path, entry)
    rows: list[list[Value]] = []
    for text, found in root.joined().lines():
        cells = _cells(found) if found else [""] * (len(_COLUMNS) - 1)
        rows.append([Cell(text, Style.PLAIN if found else Style.NAME), *cells])
    return rows


def _cells(entry: "Entry") -> list[Value]:
    facts = entry.facts if entry.facts and not entry.facts.unreadable else None
    return [
        facts.serial if facts else None,
        facts.resources if facts and facts.format != "encrypted" else None,
        human_size(entry.stored.size) if entry.stored else None,
        ago(entry.modified) if entry.modified else None,
        (facts.terraform_version or facts.format) if facts else None,
        _lock(entry.locks[0]) if entry.locks else None,
        _health(entry),
    ]


def _lock(held: "Held") -> Cell:
    from datetime import UTC, datetime

    since = held.info.since
    age = f", {human_age((datetime.now(UTC) - since).total_seconds())}" if since else ""
    return Cell(f"{held.info.who or 'unreadable'}{age}", Style.WARNING)


def _health(entry: "Entry") -> Cell:
    if entry.problems:
        return Cell(", ".join(problem.id for problem in entry.problems), Style.BAD)
    return Cell("ok" if entry.stored else "no state yet", Style.GOOD)


def _document(catalog: "Catalog", entries: "list[Entry]") -> dict[str, Any]:
    return {
        "bucket": catalog.bucket,
        "states": [_entry_document(entry) for entry in entries],
        "other_objects": catalog.others,
        "not_known": list(catalog.unread),
    }


def _entry_document(entry: "Entry") -> dict[str, Any]:
    facts = entry.facts if entry.facts and not entry.facts.unreadable else None
    address = entry.address
    return {
        "url": address.url,
        "bucket": address.bucket,
        "key": address.key,
        "workspace": address.workspace,
        "object_key": address.object_key,
        "exists": entry.stored is not None,
        "format": facts.format if facts else None,
        "serial": facts.serial if facts else None,
        "lineage": facts.lineage if facts else None,
        "terraform_version": facts.terraform_version if facts else None,
        "resources": facts.resources if facts else None,
        "outputs": facts.outputs if facts else None,
        "size": entry.stored.size if entry.stored else None,
        "last_modified": entry.modified,
        "etag": entry.stored.etag if entry.stored else None,
        "digest": entry.digest,
        "locks": [lock_document(held) for held in entry.locks],
        "healthy": entry.healthy,
        "problems": list(entry.problems),
    }


def lock_document(held: "Held") -> dict[str, Any]:
    """Return a lock as JSON shows it."""
    return {
        "id": held.info.id or None,
        "where": held.where,
        "who": held.info.who,
        "operation": held.info.operation,
        "created": held.info.since,
        "version": held.info.version,
        "unreadable": held.unreadable or None,
    }
