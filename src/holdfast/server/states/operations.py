"""The operations of Holdfast's own service."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.states import dead_locks, journal, locks, overrides, rules

OPERATIONS: tuple[Operation[Any], ...] = (
    dead_locks.delete_lock_release,
    dead_locks.get_lock_release,
    dead_locks.put_lock_release,
    journal.list_journal,
    locks.list_locks,
    locks.list_past_locks,
    overrides.delete_override,
    overrides.list_overrides,
    overrides.put_override,
    rules.delete_state_rules,
    rules.get_state_rules,
    rules.put_state_rules,
)
