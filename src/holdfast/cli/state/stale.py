"""Whether a lock looks dead, before a command breaks it: as our server says, or by age and writes."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast.cli.amounts import timestamp
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.operations.locks import StateLock


def check_stale(
    connection: "Connection", lock: "StateLock", older_than: timedelta | None, moment: datetime
) -> tuple[str, ...]:
    """Return why a lock looks dead, in sentences.

    Args:
        connection: the services.
        lock: as it was found; it is older than `older_than`, if that is given.
        older_than: where there is no server to ask, how long nothing may have been heard.
        moment: now.

    Raises:
        CommandFailed: it looks alive, or that cannot be said.
    """
    from holdfast.client.errors import NotHoldfast
    from holdfast.client.locks_in_time import known_lock

    url = lock.address.url
    try:
        known = known_lock(connection, lock.address.bucket, lock.address.object_key)
    except NotHoldfast as other:
        if older_than is None:
            raise CommandFailed(
                f"whether the lock of {url} is stale cannot be said: {other.happened}",
                "Say how long ago the lock has to be taken, and the state to be written last: "
                "--if-stale --if-older-than 2h",
                ExitCode.NOT_CONFIGURED,
            ) from other
        return _quiet(connection, lock, older_than, moment)
    if known is None or known.info.id not in lock.ids:
        raise CommandFailed(
            f"whether the lock of {url} is stale cannot be said: the server does not know this lock",
            "It was taken before the server knew of locks, or cannot be read. Look at it: holdfast "
            "locks. To go by its age: --if-older-than 2h, without --if-stale",
            ExitCode.REFUSED,
        )
    if not known.looks_dead:
        raise CommandFailed(
            f"the lock of {url} does not look dead",
            f"{' '.join(known.reasons)} Nothing was changed.",
            ExitCode.REFUSED,
        )
    return known.reasons


def _quiet(
    connection: "Connection", lock: "StateLock", older_than: timedelta, moment: datetime
) -> tuple[str, ...]:
    """Return what speaks for it where only the lock and the versions of the state can be seen."""
    from holdfast.operations.durations import in_words
    from holdfast.operations.unlock import written_since

    url, span = lock.address.url, in_words(older_than)
    written = written_since(connection, lock.address, lock.info.since)
    if written.unknown:
        raise CommandFailed(
            f"when {url} was last written cannot be said: {written.unknown}",
            "To go by the age of the lock alone: --if-older-than, without --if-stale",
            ExitCode.REFUSED,
        )
    if written.versions and moment - written.versions[0].last_modified <= older_than:
        raise CommandFailed(
            f"{url} was written at {timestamp(written.versions[0].last_modified)}, under this lock",
            f"That is less than {span} ago: its holder may be at work. Nothing was changed.",
            ExitCode.REFUSED,
        )
    return (
        f"The lock was taken more than {span} ago, and the state was not written within {span}.",
        "No more is known here: this is not a Holdfast server.",
    )
