"""Every kind of record."""

from holdfast.engine import access_records, records, state_records
from holdfast.engine.record import Record

__all__ = ["KINDS", "access_records", "records", "state_records"]

# Each class of those files, in order.
KINDS: tuple[type[Record], ...] = tuple(Record.__subclasses__())
