"""The operations of Holdfast's own service."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.states import journal

OPERATIONS: tuple[Operation[Any], ...] = (journal.list_journal,)
