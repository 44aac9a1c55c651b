"""`holdfast journal`: what happened to states and to those who may touch them."""

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, warn
from holdfast.cli.signals import Ended
from holdfast.cli.state.journal_output import print_entries, print_json_line, print_line
from holdfast.cli.state.target import (
    Target,
    backend_of,
    connection_of,
    state_argument,
    target_options,
)

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.operations.journal import Entry, Wanted

_LIMIT = 50
_FOLLOWED = 10  # entries that are shown before those that come


@click.command(
    "journal",
    epilog=epilog(
        "holdfast journal",
        "holdfast journal prod/app.tfstate --since 2h",
        "holdfast journal --what lock-forced --what write-refused --since 7d",
        "holdfast journal --principal alice --follow",
        "holdfast journal --jsonl --after 1200 > journal.jsonl",
    ),
)
@state_argument
@target_options
@click.option("--prefix", metavar="TEXT", help="Only states of the bucket whose key begins so.")
@click.option(
    "--what", metavar="KIND", multiple=True, help="Only this kind: lock-taken. May be repeated."
)
@click.option(
    "--principal", metavar="NAME|ARN", default="", help="Only what this user or session did."
)
@click.option("--since", metavar="TIME", help="Only from then on: 2h, 14:05, 2026-01-31T14:05:00Z.")
@click.option("--until", metavar="TIME", help="Only what was before then.")
@click.option(
    "--after", metavar="NUMBER", type=click.IntRange(min=0), default=0, help="Only later entries."
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    help=f"The newest so many, 0 for all. {_LIMIT} if not said; for --jsonl, all.",
)
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--jsonl", is_flag=True, help="Print each entry as a line of JSON, complete.")
@json_option
def journal(
    *,
    target: Target,
    state: str | None,
    prefix: str | None,
    what: tuple[str, ...],
    principal: str,
    since: str | None,
    until: str | None,
    after: int,
    limit: int | None,
    follow: bool,
    jsonl: bool,
    as_json: bool,
) -> int:
    """Show what a Holdfast server wrote into its journal, the newest last. Times are UTC.

    Without STATE and --prefix: everything that you may see. Entries are numbered without gaps, so
    that an export can go on where the last one ended (--after).
    """
    from holdfast.operations.journal import Wanted

    _check_options(follow=follow, jsonl=jsonl, as_json=as_json, until=until)
    if state is None and prefix is None:
        connection, bucket, key = connection_of(target), "", ""
    else:
        backend = backend_of(target, state, whole_bucket=state is None)
        connection, bucket = backend.connection, backend.settings.bucket
        key = "" if state is None else backend.address.object_key
    times = {name: _time(text) for name, text in (("since", since), ("until", until))}
    wanted = Wanted(
        bucket=bucket,
        key=key,
        prefix=prefix or "",
        what=what,
        principal=principal,
        after=after,
        **times,
    )
    if follow:
        return _follow(connection, wanted, _FOLLOWED if limit is None else limit, jsonl=jsonl)
    if jsonl:
        for entry in _chosen(connection, wanted, limit or 0):
            print_json_line(entry)
        return ExitCode.OK
    return _list(connection, wanted, _LIMIT if limit is None else limit, as_json=as_json)


def _check_options(*, follow: bool, jsonl: bool, as_json: bool, until: str | None) -> None:
    if as_json and (follow or jsonl):
        raise click.UsageError(
            "--json prints one document; --jsonl prints a line for each entry, also with --follow"
        )
    if follow and until is not None:
        raise click.UsageError("--follow goes on without an end; it takes no --until")


def _time(text: str | None) -> Any:
    from holdfast.operations.locks import now
    from holdfast.operations.moments import parse_moment

    return None if text is None else parse_moment(text, now())


def _chosen(connection: "Connection", wanted: "Wanted", limit: int) -> "Iterator[Entry]":
    from holdfast.operations.journal import entries, newest

    if not limit:
        return entries(connection, wanted)
    return iter(newest(connection, wanted, limit)[0])


def _list(connection: "Connection", wanted: "Wanted", limit: int, *, as_json: bool) -> int:
    from holdfast.operations.journal import entries, newest

    if limit:
        found, more = newest(connection, wanted, limit)
    else:
        found, more = list(entries(connection, wanted)), False
    if as_json:
        print_json({"entries": [entry.document for entry in found], "more": more})
        return ExitCode.OK
    print_entries(found)
    if more and found:
        note(f"Only the newest {limit}; --limit 0 shows all.")
    return ExitCode.OK


def _follow(connection: "Connection", wanted: "Wanted", before: int, *, jsonl: bool) -> int:
    """Print the newest entries, and then each that comes; a server that is away comes back."""
    from dataclasses import replace

    from holdfast.client.errors import Unreachable
    from holdfast.operations.journal import PAUSE, follow, newest

    show = print_json_line if jsonl else print_line
    last = wanted.after or _last(connection)
    if before and not wanted.after:
        for entry in newest(connection, wanted, before)[0]:
            show(entry)
            last = max(last, entry.number)
    away = False
    try:
        while True:
            try:
                for entry_or_end in follow(connection, replace(wanted, after=last)):
                    away = False
                    if entry_or_end is None:
                        sys.stdout.flush()
                        continue
                    show(entry_or_end)
                    last = entry_or_end.number
            except Unreachable as error:
                if not away:
                    warn(safe(f"{error.happened}; waiting for it"))
                away = True
                time.sleep(PAUSE)
    except Ended:
        raise
    except KeyboardInterrupt:
        return ExitCode.OK  # the way to end it


def _last(connection: "Connection") -> int:
    """Return the number of the newest entry of all."""
    from holdfast.operations.journal import Wanted, newest

    found, _ = newest(connection, Wanted(), 1)
    return found[-1].number if found else 0
