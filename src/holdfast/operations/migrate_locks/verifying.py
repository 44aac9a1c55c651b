"""Whether the step to both places has arrived: initialised again, locked in both, digests right."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, LockHeld
from holdfast.client.found_locks import describe
from holdfast.operations.locks import StateLock, every_place, lock_of
from holdfast.operations.migrate_locks.edits import LOCK_FILE, TABLE
from holdfast.operations.migrate_locks.examine import states_of
from holdfast.operations.migrate_locks.planning import Opened
from holdfast.operations.migrate_locks.tree import Configuration
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict

_SETTLING = 1.5  # seconds in which a client may be between taking one lock and the other


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of one configuration."""

    configuration: Configuration
    initialised: bool | None  # as the files say; None if it was not initialised here
    locks_in: tuple[str, ...] = ()  # where our own lock lay
    digests: tuple[tuple[StateAddress, Verdict], ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verify(configuration: Configuration, open_backend: Opened) -> Verified:
    """Check one configuration that locks in both places.

    Takes the lock of its state for a moment, to see where it lies. Never raises a HoldfastError: it is
    among the problems.
    """
    initialised = _is_initialised(configuration)
    problems: list[str] = []
    notes: list[str] = []
    if configuration.mode == "table":
        problems.append(
            f"{configuration.root} still locks with the table only: holdfast migrate-locks apply"
        )
        return Verified(configuration, initialised, problems=tuple(problems))
    if initialised is False:
        problems.append(
            f"{configuration.root} is initialised for how it locked before: "
            "run 'terraform init -reconfigure' there"
        )
    elif initialised is None:
        notes.append(f"{configuration.root} is not initialised here")
    if not configuration.is_complete:
        problems.append(f"{configuration.root}: bucket or key is not said in any file")
        return Verified(configuration, initialised, problems=tuple(problems), notes=tuple(notes))
    backend = open_backend(configuration)
    try:
        locks_in = _locked_in(backend, problems)
        states = states_of(backend)
    except HoldfastError as error:
        problems.append(str(error))
        return Verified(configuration, initialised, problems=tuple(problems), notes=tuple(notes))
    digests = tuple((state.address, state.digest) for state in states if state.exists)
    problems += [
        f"{address.url} does not fit its digest: holdfast doctor {address.object_key}"
        for address, verdict in digests
        if verdict in (Verdict.DIFFERS, Verdict.ORPHAN)
    ]
    return Verified(configuration, initialised, locks_in, digests, tuple(problems), tuple(notes))


def _is_initialised(configuration: Configuration) -> bool | None:
    stored = configuration.initialised
    if stored is None:
        return None
    said = configuration.arguments
    return bool(stored.get(LOCK_FILE)) == (said.get(LOCK_FILE) in (True, "true")) and (
        (stored.get(TABLE) or None) == said.get(TABLE)
    )


def _locked_in(backend: Backend, problems: list[str]) -> tuple[str, ...]:
    """Take the lock and look where it lies."""
    try:
        with backend.lock("migrate-locks verify", timeout=10) as held:
            document = held.info.document()
            found = []
            for place in every_place(backend.connection):
                there = place.read(backend.address)
                if there is not None and there.document == document:
                    found.append(place.name)
    except LockHeld as error:
        lock = lock_of(backend.connection, backend.address)
        if lock and set(lock.places) == set(backend.settings.lock_places):
            return lock.places  # somebody's, and where it has to be
        problems.append(error.happened)
        return lock.places if lock else ()
    missing = set(backend.settings.lock_places) - set(found)
    if missing:
        problems.append(
            f"a lock of {backend.address.url} does not appear in the {' and the '.join(missing)}"
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Straggler:
    """A lock that lies in one place only: its holder has not been reconfigured."""

    address: StateAddress
    lock: StateLock

    def __str__(self) -> str:
        return (
            f"{self.address.url} is locked only in the {self.lock.places[0]} "
            f"by {describe(self.lock.info)}: that client still has the old backend block"
        )


def watch(
    backends: list[Backend],
    seconds: float,
    *,
    every: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Straggler]:
    """Look at the locks for a while, and yield each one that stays in one place only.

    Args:
        backends: those that lock in both places.
        seconds: for how long.
        every: seconds between two looks.
        sleep: for tests.
        now: for tests.

    Raises:
        HoldfastError: a place cannot be read.
    """
    until = now() + seconds
    since: dict[str, float] = {}
    told: set[str] = set()
    while True:
        for backend in backends:
            for state in states_of(backend):
                if not state.lock or len(state.lock.places) > 1:
                    continue
                lock_id = state.lock.info.id
                began = since.setdefault(lock_id, now())
                if now() - began >= _SETTLING and lock_id not in told:
                    told.add(lock_id)
                    yield Straggler(state.address, state.lock)
        if now() >= until:
            return
        sleep(every)
