"""`holdfast locks history`: the locks that were held, how long, how they ended, and who waited."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import timestamp
from holdfast.cli.colours import Style
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json
from holdfast.cli.state.lock_looks import waiter_document
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options
from holdfast.cli.tables import Cell, Column, Value, print_table

if TYPE_CHECKING:
    from holdfast.client.locks_in_time import EndedLock

_LIMIT = 50
_USUAL = timedelta(days=30)
_STYLES = {"forced": Style.WARNING, "stale": Style.WARNING, "vanished": Style.BAD}


@click.command(
    "history",
    epilog=epilog(
        "holdfast locks history",
        "holdfast locks history prod/app.tfstate --since 7d",
        "holdfast locks history --prefix prod/ --limit 1000 --json",
    ),
)
@state_argument
@target_options
@click.option(
    "--prefix", metavar="TEXT", default="", help="Only states whose key begins with this."
)
@click.option(
    "--since",
    metavar="SPAN",
    callback=span,
    help="Only locks that ended within this time, such as 12h or 7d; 30 days if not said.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_LIMIT,
    show_default=True,
    metavar="NUMBER",
    help="The most locks to show, the latest.",
)
@json_option
def history(
    *,
    target: Target,
    state: str | None,
    prefix: str,
    since: timedelta | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show locks that are held no more, of STATE or of the whole bucket; the latest first.

    How long each was held, how it ended (released by its holder, forced by somebody else, stale when
    the server released it, vanished with its table or file), by whom, and who waited for it. Only a
    Holdfast server keeps this.
    """
    from holdfast.client.locks_in_time import ended_locks
    from holdfast.operations.locks import now

    if state is not None and prefix:
        raise click.UsageError("STATE and --prefix exclude each other")
    backend = backend_of(target, state, whole_bucket=state is None)
    bucket = backend.settings.bucket
    key = backend.address.object_key if state is not None else ""
    earliest = now() - (since if since is not None else _USUAL)
    found = list(ended_locks(backend.connection, bucket, key=key, prefix=prefix, since=earliest))
    found.sort(key=lambda lock: lock.until, reverse=True)
    shown = found[:limit]
    if as_json:
        print_json({"locks": [_document(lock) for lock in shown], "more": len(found) > limit})
        return ExitCode.OK
    heads: list[Column | str] = [
        "ENDED",
        "STATE",
        Column("HELD", right=True),
        "WHO",
        "OPERATION",
        "HOW",
        "BY",
    ]
    where = key or bucket
    print_table(
        [*heads, Column("WAITED", right=True)],
        [_row(lock) for lock in shown],
        empty=f"No lock of {where} ended since {timestamp(earliest)}.",
    )
    if len(found) > limit:
        note(f"{len(found) - limit} more are not shown; --limit shows more.")
    return ExitCode.OK


def _row(lock: "EndedLock") -> list[Value]:
    from holdfast.operations.durations import in_words

    return [
        timestamp(lock.until),
        lock.key,
        in_words(lock.held),
        lock.who or None,
        lock.operation or None,
        Cell(lock.ended, _STYLES.get(lock.ended, Style.PLAIN)),
        lock.ended_by.rpartition("/")[2] or None,
        len(lock.waiters) or None,
    ]


def _document(lock: "EndedLock") -> dict[str, Any]:
    return {
        "bucket": lock.bucket,
        "key": lock.key,
        "id": lock.id,
        "who": lock.who,
        "operation": lock.operation,
        "principal": lock.principal or None,
        "since": lock.since,
        "until": lock.until,
        "held_seconds": round(lock.held.total_seconds(), 3),
        "places": list(lock.places),
        "ended": lock.ended,
        "ended_by": lock.ended_by or None,
        "waiters": [waiter_document(waiter) for waiter in lock.waiters],
    }
