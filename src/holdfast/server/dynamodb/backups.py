"""DescribeContinuousBackups and UpdateContinuousBackups: the setting is kept and reported."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.dynamodb.names import table_name
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

_RECOVERY = "PointInTimeRecovery"  # in `Table.settings`
_MAX_DAYS = 35
_BEHIND = timedelta(minutes=5)  # how far AWS lags


@operation("DescribeContinuousBackups")
def describe_continuous_backups(tx: Snapshot, params: Params) -> Result:
    """Tell whether point in time recovery is on."""
    table = _table(tx, params["TableName"])
    return {"ContinuousBackupsDescription": _described(table, tx.now)}


@operation("UpdateContinuousBackups", writes=True)
def update_continuous_backups(tx: Transaction, params: Params) -> Result:
    """Switch point in time recovery on or off."""
    table = _table(tx, params["TableName"])
    specification = params["PointInTimeRecoverySpecification"]
    days = specification.get("RecoveryPeriodInDays", _MAX_DAYS)
    settings = dict(table.settings)
    present = settings.pop(_RECOVERY, None)
    if specification["PointInTimeRecoveryEnabled"]:
        since = present["Since"] if present else tx.now
        settings[_RECOVERY] = {"Since": since, "Days": days}
    table = msgspec.structs.replace(table, settings=settings)
    tx.put(table)
    return {"ContinuousBackupsDescription": _described(table, tx.now)}


def _table(tx: Snapshot, given: str) -> Table:
    name = table_name(tx.site, given)
    table = tx.get(Table, name)
    if table is None:
        raise ServiceError("TableNotFoundException", f"Table not found: {name}")
    return table


def _described(table: Table, now: datetime) -> dict[str, Any]:
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    present = table.settings.get(_RECOVERY)
    if present:
        since, days = present["Since"], present["Days"]
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": days,
            "EarliestRestorableDateTime": max(since, now - timedelta(days=days)),
            "LatestRestorableDateTime": max(since, now - _BEHIND),
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
