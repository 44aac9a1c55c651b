"""`holdfast unlock`: shows who holds a state's lock and what was written since, asks, and breaks it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import counted, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say, warn
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.client.found_locks import Held
    from holdfast.client.history import Version
    from holdfast.operations.locks import StateLock
    from holdfast.operations.unlock import WrittenSince


@click.command(
    "unlock",
    epilog=epilog(
        "holdfast unlock",
        "holdfast unlock prod/app.tfstate",
        "holdfast unlock prod/app.tfstate --if-stale --yes",
        "holdfast unlock prod/app.tfstate --if-older-than 2h --yes",
        "holdfast unlock --id 2a576e05-b02d-0ccc-13f7-89cde4a0315d --yes",
    ),
)
@state_argument
@click.option("--id", "lock_id", metavar="ID", help="Only if the lock has this id.")
@click.option(
    "--if-older-than",
    "older_than",
    callback=span,
    metavar="SPAN",
    help="Only if it has been held for longer, such as 2h or 1d12h.",
)
@click.option(
    "--if-stale",
    "if_stale",
    is_flag=True,
    help="Only if it looks dead: a Holdfast server has heard nothing of its holder for two hours. On "
    "AWS say with --if-older-than how old the lock and the latest write have to be.",
)
@target_options
@yes_option
@json_option
def unlock(
    *,
    target: Target,
    state: str | None,
    lock_id: str | None,
    older_than: timedelta | None,
    if_stale: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Break the lock of a state that was left behind.

    Shows the holder, how old the lock is and what was written since, and asks. Only the very lock that
    was shown is removed: one that somebody takes meanwhile stays. A lock that lies in the table and in
    a lock file is removed from both.
    """
    from holdfast.cli.state.stale import check_stale
    from holdfast.operations.locks import StateLock, lock_of, now
    from holdfast.operations.unlock import chosen, unlock, written_since

    backend = backend_of(target, state)
    lock = lock_of(backend.connection, backend.address)
    if lock is None:
        raise CommandFailed(
            f"{backend.address.url} is not locked", _where(backend), ExitCode.NOT_FOUND
        )
    meant, moment = chosen(lock, lock_id), now()
    lock = StateLock(lock.address, meant)
    _check_age(lock, older_than, moment)
    reasons = check_stale(backend.connection, lock, older_than, moment) if if_stale else ()
    if not as_json:
        for reason in reasons:
            note(safe(reason))
        _show(lock, written_since(backend.connection, lock.address, meant[0].info.since), moment)
    places = " and the ".join(held.where for held in meant)
    will = f"The lock of {lock.address.url} will be removed from the {places}."
    confirm(will, yes=yes, question="Break it?")
    result = unlock(backend.connection, meant)
    if as_json:
        print_json(
            {
                "bucket": lock.address.bucket,
                "key": lock.address.object_key,
                "removed": [_as_document(held) for held in result.removed],
                "gone": [_as_document(held) for held in result.gone],
            }
        )
        return ExitCode.OK
    for held in result.gone:
        warn(f"it was gone from the {held.where} already, or is another's there")
    say(f"Unlocked {safe(lock.address.url)}.", Style.GOOD)
    return ExitCode.OK


def _where(backend: "Backend") -> str:
    table = backend.settings.dynamodb_table
    looked = f"the table {table} and " if table else ""
    hint = "" if table else " If a lock table is used, name it with --lock-table."
    return f"Looked at {looked}the lock file. 'holdfast locks' shows all there are.{hint}"


def _check_age(lock: "StateLock", older_than: timedelta | None, moment: datetime) -> None:
    from holdfast.operations.durations import in_words

    if older_than is None:
        return
    age = lock.age(moment)
    if age is None:
        raise CommandFailed(
            f"the lock of {lock.address.url} does not say when it was taken",
            "Look at it: holdfast locks. To break it anyway, leave --if-older-than out.",
            ExitCode.REFUSED,
        )
    if age <= older_than:
        raise CommandFailed(
            f"the lock of {lock.address.url} is {in_words(age)} old, not older than "
            f"{in_words(older_than)}",
            f"{lock.info.who or 'Somebody'} may still be at work. Nothing was changed.",
            ExitCode.REFUSED,
        )


def _show(lock: "StateLock", written: "WrittenSince", moment: datetime) -> None:
    """Print the holder and what it did, on standard error: it belongs to the question."""
    from holdfast.operations.durations import in_words

    age = lock.age(moment)
    info = lock.info
    since = "the lock does not say since when"
    if age is not None:
        since = f"since {info.created} ({in_words(age)})"
    note(safe(f"{lock.address.url} is locked, {since}."))
    for name, value in (
        ("Who", info.who),
        ("Operation", info.operation),
        ("Info", info.info),
        ("Version", info.version),
        ("Id", ", ".join(lock.ids)),
        ("Unreadable", lock.unreadable and lock.found[0].document[:200]),
    ):
        if value:
            note(safe(f"  {name:10} {value}"))
    for line in _written(written):
        note(safe(line))


def _written(written: "WrittenSince") -> list[str]:
    if written.unknown and not written.versions:
        return [f"What was written since cannot be said: {written.unknown}."]
    if not written.versions:
        return ["Nothing was written since."]
    newest = written.versions[0]
    if newest.delete_marker:
        return [f"The state was deleted since, at {timestamp(newest.last_modified)}."]
    before = f", {_said(written.before)} before" if written.before else ""
    times = counted(len(written.versions), "time")
    last = f"last at {timestamp(newest.last_modified)}: {_said(newest)}{before}"
    return [f"Since then the state was written {times}, {last}."]


def _said(version: "Version") -> str:
    if version.serial is None:
        return "an unreadable state" if not version.delete_marker else "deleted"
    return f"serial {version.serial}, {counted(version.resources or 0, 'resource')}"


def _as_document(held: "Held") -> dict[str, object]:
    return {"where": held.where, "id": held.info.id or None, "who": held.info.who}
