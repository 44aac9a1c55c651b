"""Looks at a lock: whether something is left of it, and whether it looks dead."""

from datetime import timedelta

from holdfast.engine.access_records import Session
from holdfast.engine.state_records import HeldLock, State
from holdfast.rules.activity import SESSION, Activity
from holdfast.rules.one_lock import OneLock
from holdfast.rules.places import StateName
from holdfast.rules.staleness import Seen, staleness
from holdfast.server.judging import JudgedReader, JudgedWriter, Staleness


class Looking:
    """Gathers what is known of a lock and its holder."""

    def __init__(self, lock: OneLock, activity: Activity) -> None:
        """Join what it needs.

        Args:
            lock: knows what is left of a lock.
            activity: who was last heard of when.
        """
        self._lock = lock
        self._activity = activity

    def staleness(self, tx: JudgedReader, state: State) -> Staleness | None:
        """Say whether the lock of a state looks dead; None if there is none."""
        name, held = StateName(state.bucket, state.key), state.lock
        if held is None or not self._lock.is_left(tx, name, held):
            return None
        return staleness(held, self._seen(tx, name, held), tx.now)

    def release_dead(self, tx: JudgedWriter, state: State, quiet: timedelta) -> bool:
        """Release a lock that looks dead; say whether it did.

        Args:
            tx: the transaction.
            state: what is known of the state.
            quiet: for how long nothing was heard of its holder, at least.
        """
        name, held, found = (
            StateName(state.bucket, state.key),
            state.lock,
            self.staleness(tx, state),
        )
        if held is None or found is None or not found.looks_dead:
            return False
        if found.quiet_seconds < quiet.total_seconds():
            return False
        self._lock.end(tx, name, state, held, "", forced=True, why_stale=found.reasons)
        return True

    def _seen(self, tx: JudgedReader, name: StateName, held: HeldLock) -> Seen:
        known_from = self._activity.known_from(tx.now)
        used = self._activity.of_state(name, held.principal, held.tool)
        if not held.access_key_id.startswith(SESSION):
            return Seen(known_from, used, session=False)
        last = self._activity.of_session(held.access_key_id)
        session: Session | None = tx.get(Session, held.access_key_id)
        end = session.expires if session is not None else None
        # Once it has ended its holder may go on with another.
        if used is not None and (end is None or end <= used) and (last is None or last < used):
            last = used
        return Seen(known_from, last, session_end=end)
