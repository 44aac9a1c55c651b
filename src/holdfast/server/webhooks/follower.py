"""The thread that tells one receiver what happens. It follows the journal, which is its queue."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from holdfast.engine.journal_end import journal_end
from holdfast.engine.port import Engine, EngineClosed, EngineError
from holdfast.engine.state_records import JournalEntry, State
from holdfast.engine.verify import getting, walk
from holdfast.server.webhooks import message
from holdfast.server.webhooks.events import LOCK_HELD
from holdfast.server.webhooks.held_locks import HeldLocks
from holdfast.server.webhooks.place import Place, keep_place, kept_place
from holdfast.server.webhooks.receiver import Receiver
from holdfast.server.webhooks.sending import Count, Sender, Stopping

log = logging.getLogger("holdfast.webhooks")

MOST_BEHIND = 10_000  # entries of the journal; what is before them is dropped
OLDEST = timedelta(days=1)  # what happened before is dropped
_PAGE = 256  # entries in one view
_WAIT = 1.0  # seconds that a wait for something new takes at most
_PACE = 0.25  # seconds between two looks: many writes are looked at together
_REMEMBER = 5.0  # seconds between two times that the place is written down
_STOP_WITHIN = 1.0  # a message that takes longer is sent again after the next start
_GONE = frozenset({"lock-released", "lock-forced", "lock-stale", "lock-vanished"})


class _Event(msgspec.Struct, frozen=True):
    """What is looked at in an event."""

    at: datetime
    what: str
    bucket: str = ""
    key: str = ""
    lock_id: str = ""


_event = msgspec.json.Decoder(_Event).decode
_details = msgspec.json.Decoder(dict[str, Any]).decode


class Follower:
    """Tells one receiver, in order, each at least once unless it is given up and counted."""

    def __init__(
        self, engine: Engine, receiver: Receiver, clock: Callable[[], datetime], count: Count
    ) -> None:
        """Prepare; `start` begins.

        Args:
            engine: where the journal is.
            receiver: whom to tell.
            clock: the time in UTC.
            count: counts what becomes of messages.
        """
        self._engine = engine
        self._receiver = receiver
        self._clock = clock
        self._count = count
        self._remembered = engine.view(lambda tx: kept_place(tx, receiver))
        # A new receiver is told what comes.
        self._place = self._remembered or Place(engine.view(journal_end).number)
        self._locks = HeldLocks(receiver.held_after, self._place.locks)
        self._remembered_at = 0.0
        self._stopping = threading.Event()
        self._sender = Sender(receiver, clock, count, self._stopping)
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin. What happened since it was made is told too."""
        self._thread.start()

    def stop(self) -> None:
        """End, and write down how far it came. Idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN)
        with suppress(EngineClosed):
            self._guard(self._remember)

    # ---- the loop ------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._guard(self._remember)
            self._guard(self._find_locks)
            revision = 0
            while not self._stopping.is_set():
                self._guard(self._round)
                revision = self._engine.wait(revision, _WAIT)
                self._stopping.wait(_PACE)
        except EngineClosed:
            return

    def _guard(self, step: Callable[[], None]) -> None:
        """Do a step; whatever goes wrong with it, the next one is done."""
        try:
            step()
        except Stopping:
            return
        except EngineClosed:
            raise
        except EngineError as problem:
            log.warning("telling %s failed: %s", self._receiver.host, problem)
        except Exception:
            log.exception("telling %s failed", self._receiver.host)

    def _round(self) -> None:
        """Tell everything there is to tell now."""
        while entries := self._page():
            newest = self._engine.view(journal_end).number
            for entry in entries:
                if not self._tell(entry, newest):
                    break  # that took long: see how much there is now
            self._remember_sometimes()
        self._tell_locks()
        self._remember_sometimes()

    def _page(self) -> list[JournalEntry]:
        if self._stopping.is_set():
            return []
        return list(islice(walk(self._engine, JournalEntry, after=(self._place.number,)), _PAGE))

    def _tell(self, entry: JournalEntry, newest: int) -> bool:
        """Tell of one entry, if it is for this receiver; say whether that went well."""
        taken = True
        event = self._wanted(entry)
        if event is not None:
            behind = newest - entry.number
            if behind >= MOST_BEHIND or self._clock() - event.at > OLDEST:
                self._count(self._receiver.host, "dropped")
            else:
                taken = self._sender.send(message.of_entry(entry, _details(entry.event)))
        self._place = replace(self._place, number=entry.number)
        return taken

    def _wanted(self, entry: JournalEntry) -> _Event | None:
        """Return the event of an entry that is for this receiver; remember a lock that is taken."""
        try:
            event = _event(entry.event)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None  # it was changed; `holdfast check` names it
        if event.what == "lock-taken" and LOCK_HELD in self._receiver.events:
            self._locks.taken(event.at, event.bucket, event.key, event.lock_id)
        elif event.what in _GONE:
            self._locks.gone(event.bucket, event.key)
        return event if event.what in self._receiver.events else None

    # ---- locks that are held too long ----------------------------------------------------------

    def _find_locks(self) -> None:
        """Remember the locks that are held at the start and were not looked after."""
        if LOCK_HELD not in self._receiver.events:
            return
        held = [
            (state.lock.since, state.bucket, state.key, state.lock.id)
            for state in walk(self._engine, State)
            if state.lock is not None
        ]
        for lock in sorted(held):
            self._locks.taken(*lock)

    def _tell_locks(self) -> None:
        now = self._clock()
        while due := self._locks.due(now):
            state = self._engine.view(getting(State, due.bucket, due.key))
            if state is not None and state.lock is not None and state.lock.id == due.lock_id:
                self._sender.send(message.of_lock(due.bucket, due.key, state.lock, now))
            self._place = replace(self._place, locks=self._locks.done(due))

    # ---- the place -----------------------------------------------------------------------------

    def _remember_sometimes(self) -> None:
        if time.monotonic() - self._remembered_at > _REMEMBER:
            self._remember()

    def _remember(self) -> None:
        if self._place == self._remembered:
            return
        place = self._place
        keep_place(self._engine, self._receiver, place)
        self._remembered, self._remembered_at = place, time.monotonic()
