"""`holdfast locks`: every held lock, in the table and in lock files; `holdfast locks watch`, live."""

import dataclasses
import sys
import time
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import ListGroup
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, warn
from holdfast.cli.signals import Ended
from holdfast.cli.state.lock_looks import dead_ones, known_of, told_document, told_of
from holdfast.cli.state.locks_history import history
from holdfast.cli.state.locks_release import release_dead
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.tables import Cell, Column, Value, print_table

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.operations.known_locks import Known
    from holdfast.operations.locks import LocksSeen, StateLock

prefix_option = click.option(
    "--prefix", metavar="TEXT", default="", help="Only states whose key begins with this."
)


@click.group(
    "locks",
    cls=ListGroup,
    epilog=epilog(
        "holdfast locks",
        "holdfast locks --prefix prod/",
        "holdfast locks watch",
        "holdfast locks history --since 7d",
    ),
)
def locks() -> None:
    """Show all held locks of a bucket and its lock table, and those that were held.

    Locks are listed in every mode: items of the table, lock files, and those whose document cannot
    be read, which stop everybody too. A Holdfast server also says who waits, and what looks dead.
    """


@locks.command(
    "list",
    epilog=epilog(
        "holdfast locks list --bucket states --lock-table locks",
        "holdfast locks list --json",
    ),
)
@prefix_option
@target_options
@json_option
def list_(*, target: Target, prefix: str, as_json: bool) -> int:
    """Show all held locks: who holds them, since when, and for what.

    WAITING is how many were refused so far. LOOKS says whether the holder seems gone, and how much
    speaks for that; below the table stands why. Both only on a Holdfast server.
    """
    from holdfast.operations.locks import now

    backend = backend_of(target, whole_bucket=True)
    seen, known = _seen(backend, prefix)
    if as_json:
        found = [as_document(lock, now(), known) for lock in seen.locks]
        print_json({"locks": found, **_unseen(seen)})
        return ExitCode.OK
    _warn(seen)
    _print(seen.locks, backend.settings.bucket, now(), known)
    for lock in dead_ones(seen.locks, known or {}):
        note(safe(f"{lock.key} looks dead. {' '.join(lock.reasons)}"))
        note(safe(f"To release it: holdfast unlock {quote(lock.key)} --if-stale"))
    return ExitCode.OK


@locks.command(
    "watch",
    epilog=epilog("holdfast locks watch", "holdfast locks watch --interval 10 --prefix prod/"),
)
@prefix_option
@click.option(
    "--interval",
    type=click.FloatRange(min=0.2),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@target_options
@json_option
def watch(*, target: Target, prefix: str, interval: float, as_json: bool) -> int:
    """Show the locks as they come and go, until Ctrl-C.

    On a terminal the table is kept up to date. When piped, a line says which locks are held at the
    beginning, and each one that is taken or released. With --json each of these lines is a JSON
    document.
    """
    from holdfast.cli.state.lock_watching import Watcher, redraw
    from holdfast.operations.locks import now

    backend = backend_of(target, whole_bucket=True)
    bucket, terminal = backend.settings.bucket, sys.stdout.isatty() and not as_json
    watcher = Watcher(as_json=as_json)
    _warn(_seen(backend, prefix)[0])
    try:
        while True:
            (seen, known), moment = _seen(backend, prefix), now()
            if terminal:
                redraw()
                _print(seen.locks, bucket, moment, known)
                note(f"{timestamp(moment)}, every {interval:g} s; Ctrl-C ends it")
            else:
                watcher.tell(seen, moment)
            time.sleep(interval)
    except Ended:
        raise
    except KeyboardInterrupt:
        return ExitCode.OK  # the way to end it


locks.add_command(history)
locks.add_command(release_dead)


def _seen(backend: "Backend", prefix: str) -> "tuple[LocksSeen, Known | None]":
    """Return the locks that are held, and what a server of ours knows of them; None of another."""
    from holdfast.operations.known_locks import known_if_told, with_unseen
    from holdfast.operations.locks import all_locks

    seen = all_locks(backend.connection, prefix)
    known = known_if_told(backend.connection, backend.settings.bucket, prefix)
    if known is None:
        return seen, None
    return dataclasses.replace(seen, locks=with_unseen(seen.locks, known)), known


def _print(
    held: "tuple[StateLock, ...]", bucket: str, moment: datetime, known: "Known | None"
) -> None:
    if known is not None and not any(known_of(lock, known) for lock in held):
        known = None  # where the rule is off nothing is known of locks
    told: list[Column | str] = [] if known is None else [Column("WAITING", right=True), "LOOKS"]
    heads = ["STATE", Column("AGE", right=True), "WHO", "OPERATION", *told, "IN", "ID"]
    rows = [_row(lock, bucket, moment, known) for lock in held]
    print_table(heads, rows, empty=f"No locks are held in {bucket}.")
    if held and sys.stdout.isatty():
        note(counted(len(held), "lock"))


def _row(lock: "StateLock", bucket: str, moment: datetime, known: "Known | None") -> list[Value]:
    from holdfast.operations.durations import in_words

    address, info = lock.address, lock.info
    age = lock.age(moment)
    name = address.object_key if address.bucket == bucket else address.lock_id
    who: Value = Cell("cannot be read", Style.BAD) if lock.unreadable else info.who or None
    return [
        name,
        in_words(age) if age is not None else None,
        who,
        (f"{info.operation}: {info.info}" if info.info else info.operation) or None,
        *([] if known is None else told_of(known_of(lock, known))),
        "+".join(lock.places),
        ", ".join(lock.ids) or None,
    ]


def as_document(
    lock: "StateLock", moment: datetime, known: "Known | None" = None
) -> dict[str, Any]:
    """Return a lock for JSON."""
    age = lock.age(moment)
    told = known_of(lock, known) if known is not None else None
    return {
        "bucket": lock.address.bucket,
        "key": lock.address.object_key,
        "workspace": lock.address.workspace,
        "age_seconds": None if age is None else round(age.total_seconds(), 3),
        "found": [
            {
                "where": held.where,
                "id": held.info.id or None,
                "who": held.info.who,
                "operation": held.info.operation,
                "info": held.info.info,
                "version": held.info.version,
                "created": held.info.created if held.info.since else None,
                "unreadable": held.unreadable or None,
                "document": held.document if held.unreadable else None,
            }
            for held in lock.found
        ],
        **({} if told is None else told_document(told)),
    }


def _unseen(seen: "LocksSeen") -> dict[str, Any]:
    return {"not_seen": [problem.happened for problem in seen.unseen]}


def _warn(seen: "LocksSeen") -> None:
    for problem in seen.unseen:
        warn(safe(f"the list is not whole: {problem}"))
