"""DescribeContinuousBackups and UpdateContinuousBackups."""

from aws_refusals import refused
from in_process import Aws


def test_recovery_is_off_then_on_then_off(aws: Aws, locks: str) -> None:
    """With a window while it is on."""
    described = aws.dynamodb.describe_continuous_backups(TableName=locks)
    assert described["ContinuousBackupsDescription"] == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    changed = aws.dynamodb.update_continuous_backups(
        TableName=locks,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": 7,
        },
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert changed["PointInTimeRecoveryStatus"] == "ENABLED"
    assert changed["RecoveryPeriodInDays"] == 7
    assert changed["EarliestRestorableDateTime"] <= changed["LatestRestorableDateTime"]
    off = aws.dynamodb.update_continuous_backups(
        TableName=locks, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert off == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_improper_requests_are_refused(aws: Aws, locks: str) -> None:
    """An unknown table, a window too long."""
    with refused("TableNotFoundException", "Table not found: none"):
        aws.dynamodb.describe_continuous_backups(TableName="none")
    with refused("ValidationException"):
        aws.client("dynamodb").update_continuous_backups(
            TableName=locks,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": True,
                "RecoveryPeriodInDays": 36,
            },
        )
