"""Locks that were left behind, cannot be read, or lie in one place and not in the other."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.client.found_locks import describe
from holdfast.operations.doctor.commands import choice
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey
from holdfast.operations.durations import in_words
from holdfast.operations.locks import StateLock

STALE = Check(
    "HF201",
    Severity.WARNING,
    "A lock is held for very long",
    "Its holder may be dead; nobody else can change the state.",
    "Ask whoever holds it. If it is dead, break the lock.",
    mendable=True,
)
UNREADABLE = Check(
    "HF202",
    Severity.ERROR,
    "A lock document cannot be read",
    "It stops everybody, and Terraform can neither show nor break it.",
    "Find out who writes to the table or the bucket, and remove it.",
    mendable=True,
)
DISAGREEING = Check(
    "HF203",
    Severity.ERROR,
    "Lock file and table hold different locks",
    "Two clients believe that they hold the same state: one uses the table, the other lock files.",
    "Stop one of the two, break the lock of the dead one, and let all clients lock in the same way.",
)
ONE_PLACE = Check(
    "HF204",
    Severity.NOTE,
    "A lock lies in one place, and the backend locks in two",
    "A client that is configured otherwise took it, or a release got half way.",
    "Let all clients lock in the same way. If its holder is dead, break the lock.",
)
UNUSED_PLACE = Check(
    "HF205",
    Severity.WARNING,
    "A lock lies where the backend does not look",
    "Clients with this configuration do not see it, and write while its holder does.",
    "Let all clients lock in the same way. If its holder is dead, break the lock.",
)
WRONG_PATH = Check(
    "HF206",
    Severity.WARNING,
    "A lock document names another state",
    "It was copied, perhaps with its bucket; Terraform shows a holder that holds something else.",
    "Break the lock if its holder works on the other state.",
)
CHECKS = (STALE, UNREADABLE, DISAGREEING, ONE_PLACE, UNUSED_PLACE, WRONG_PATH)


def examine(survey: Survey) -> Iterator[Result]:
    """Look at every lock of the bucket's states."""
    for problem in survey.locks.unseen:
        yield NotChecked(CHECKS, survey.bucket, problem.happened)
    for lock in survey.locks.locks:
        if lock.address.bucket == survey.bucket:
            yield from _of(survey, lock)


def _of(survey: Survey, lock: StateLock) -> Iterator[Finding]:
    known = [*_unreadable(survey, lock), *_stale(survey, lock)]
    yield from known
    yield from _elsewhere(survey, lock, alone=not known)
    wrong = tuple(
        held for held in lock.found if held.info.path and held.info.path != lock.address.lock_id
    )
    if wrong:
        evidence = f"It says {wrong[0].info.path}; {describe(wrong[0].info)}"
        yield Finding(WRONG_PATH, lock.address.url, evidence, _fix(survey, lock), lock.address)


def _fix(survey: Survey, lock: StateLock, lock_id: str | None = None) -> str:
    wanted = lock.info.id if lock_id is None else lock_id
    which = ("--id", wanted) if wanted else ()
    return survey.commands.holdfast("unlock", lock.address.object_key, *which)


def _unreadable(survey: Survey, lock: StateLock) -> Iterator[Finding]:
    broken = tuple(held for held in lock.found if held.unreadable)
    if broken:
        shown = broken[0].document[:60]
        evidence = f"In the {broken[0].where}, {broken[0].unreadable}: {shown!r}"
        fix = _fix(survey, lock, "")
        yield Finding(UNREADABLE, lock.address.url, evidence, fix, lock.address, broken)


def _stale(survey: Survey, lock: StateLock) -> Iterator[Finding]:
    age = lock.age(survey.now)
    if age is None or age < survey.options.stale_after:
        return
    evidence = f"Held for {in_words(age)} by {describe(lock.info)}. {_activity(survey, lock, age)}"
    locks = tuple(held for held in lock.found if held.info.id)
    yield Finding(STALE, lock.address.url, evidence, _fix(survey, lock), lock.address, locks)


def _activity(survey: Survey, lock: StateLock, age: timedelta) -> str:
    """Say what was written since, which a living apply does now and then."""
    versions = survey.listing.versions.get(lock.address.object_key, ())
    taken = survey.now - age
    written = [one.written for one in versions if not one.marker and one.written >= taken]
    if written:
        ago = in_words(survey.now - max(written))
        return f"The state was written {len(written)} times since, the last time {ago} ago"
    return "Nothing was written since" if versions else "There is no state yet"


def _elsewhere(survey: Survey, lock: StateLock, *, alone: bool) -> Iterator[Finding]:
    used = survey.connection.settings.lock_places
    if len(lock.ids) > 1:
        evidence = "; ".join(f"{held.where}: {describe(held.info)}" for held in lock.found)
        fix = choice(
            *(
                (f"If that in the {held.where} is dead", _fix(survey, lock, held.info.id))
                for held in lock.found
            )
        )
        yield Finding(DISAGREEING, lock.address.url, evidence, fix, lock.address)
        return
    unused = tuple(held for held in lock.found if held.where not in used)
    if unused and len(unused) == len(lock.found):
        evidence = f"It is in the {unused[0].where}: {describe(lock.info)}"
        yield Finding(UNUSED_PLACE, lock.address.url, evidence, _fix(survey, lock), lock.address)
    elif len(used) > len(lock.found) and alone:
        evidence = f"It is in the {lock.places[0]} only: {describe(lock.info)}"
        yield Finding(ONE_PLACE, lock.address.url, evidence, _fix(survey, lock), lock.address)
