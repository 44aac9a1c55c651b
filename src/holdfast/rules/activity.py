"""When each session made its last request, and who last used a state, kept in memory.

It tells a lock whose holder works from one whose holder is gone. Many processes may use a long-lived
key, those that wait for the lock among them: of these only counts who uses the state itself, which
nobody does who waits. Losing it (at a restart) makes the server say less for a while: what it has not
seen, it only knows from its beginning on.
"""

from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from holdfast.rules.places import StateName
from holdfast.rules.tools import tool_of
from holdfast.server.caller import Caller

SESSION = "ASIA"  # how the access key id of a session begins
_MOST = 20_000  # of each sort

_K = TypeVar("_K")


class _Latest(Generic[_K]):
    """The latest time of each key, as far as there is room for it."""

    def __init__(self) -> None:
        self.times: dict[_K, datetime] = {}
        self._lock = Lock()

    def set(self, key: _K, now: datetime) -> None:
        """Take a time. Costs no more than a write to a dictionary, but when there is no more room."""
        self.times[key] = now
        if len(self.times) > _MOST:
            self._make_room()

    def _make_room(self) -> None:
        """Forget the half that is heard of no more, or the longest ago."""
        with self._lock:
            if len(self.times) > _MOST:
                known = sorted(self.times.copy().items(), key=lambda pair: pair[1])
                self.times = dict(known[len(known) // 2 :])


class Activity:
    """Remembers it. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sessions: _Latest[str] = _Latest()
        self._states: _Latest[tuple[StateName, str, str]] = _Latest()
        self._known_from: datetime | None = None

    def seen(self, caller: Caller, now: datetime) -> None:
        """Take note of a request."""
        if self._known_from is None:
            self._known_from = now
        if caller.access_key_id.startswith(SESSION):
            self._sessions.set(caller.access_key_id, now)

    def used(self, name: StateName, caller: Caller, now: datetime) -> None:
        """Take note that somebody reads or writes a state."""
        self._states.set((name, caller.arn, tool_of(caller.user_agent)), now)

    def known_from(self, now: datetime) -> datetime:
        """Return from when on it is known what there was."""
        return self._known_from or now

    def of_session(self, access_key_id: str) -> datetime | None:
        """Return when a session made its last request."""
        return self._sessions.times.get(access_key_id)

    def of_state(self, name: StateName, principal: str, tool: str) -> datetime | None:
        """Return when a principal last read or wrote a state with a program."""
        return self._states.times.get((name, principal, tool))
