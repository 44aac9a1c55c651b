"""Consumed capacity, with AWS's arithmetic, in the shape that the request asked for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections.abc import Mapping
from typing import Any

READ_BYTES = 4096
WRITE_BYTES = 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Return the units for reading so many bytes; half of them if a stale answer would do."""
    units = max(1, -(-size // READ_BYTES))
    return float(units) if consistent else units / 2


def write_units(before: int, after: int) -> float:
    """Return the units for a write: the larger of the item before and after it."""
    return float(max(1, -(-max(before, after) // WRITE_BYTES)))


def consumed(
    params: Mapping[str, Any], table: str, units: float, transactional: str = ""
) -> dict[str, Any] | None:
    """Return a ConsumedCapacity, or None if the request wants none.

    Args:
        params: the request.
        table: the name of the table.
        units: capacity units.
        transactional: "ReadCapacityUnits" or "WriteCapacityUnits" in a transaction, where AWS
            reports that too.
    """
    kind = params.get("ReturnConsumedCapacity")
    if kind not in ("TOTAL", "INDEXES"):
        return None
    amount = {"CapacityUnits": units}
    if transactional:
        amount[transactional] = units
    report: dict[str, Any] = {"TableName": table, **amount}
    if kind == "INDEXES":
        report["Table"] = dict(amount)
    return report


def with_consumed(
    result: dict[str, Any], params: Mapping[str, Any], table: str, units: float
) -> dict[str, Any]:
    """Add the ConsumedCapacity to a result if the request wants one, and return the result."""
    report = consumed(params, table, units)
    if report is not None:
        result["ConsumedCapacity"] = report
    return result
