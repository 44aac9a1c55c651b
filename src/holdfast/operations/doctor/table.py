"""The lock table's settings, and items in it that are neither lock nor digest."""

from collections.abc import Iterator
from typing import Any

from holdfast.client.errors import HoldfastError
from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.commands import choice
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

KEY = Check(
    "HF101",
    Severity.ERROR,
    "The table cannot be a lock table",
    "Terraform can neither lock nor unlock: every command fails.",
    "Make a table whose only key is the string LockID.",
)
BACKUPS = Check(
    "HF102",
    Severity.NOTE,
    "The table cannot be recovered to a point in time",
    "Digests that somebody deletes are gone.",
    "Switch point-in-time recovery on.",
)
PROTECTION = Check(
    "HF103",
    Severity.NOTE,
    "The table can be deleted by mistake",
    "Without its table every command of every client fails, and live locks are forgotten.",
    "Switch deletion protection on.",
)
EXPIRY = Check(
    "HF104",
    Severity.ERROR,
    "Items of the table expire",
    "A lock or a digest that has the attribute disappears while it is needed.",
    "Switch time to live off.",
)
STRANGERS = Check(
    "HF105",
    Severity.NOTE,
    "The table holds items that are neither locks nor digests",
    "Another program uses the table, or a lock was damaged.",
    "Find out who writes them; use a table for locks alone.",
)
UNREADABLE = Check(
    "HF106",
    Severity.ERROR,
    "The lock table does not exist",
    "Every command of Terraform fails before it has a lock.",
    "Make the table, or correct dynamodb_table.",
)
CHECKS = (KEY, BACKUPS, PROTECTION, EXPIRY, STRANGERS, UNREADABLE)


def examine(survey: Survey) -> Iterator[Result]:
    """Ask for the table's settings; without a table there is nothing to ask."""
    if not survey.table:
        return
    dynamodb, name = survey.connection.dynamodb, survey.table
    said = ask(
        "dynamodb:DescribeTable",
        lambda: dynamodb.describe_table(TableName=name)["Table"],
        {"ResourceNotFoundException"},
    )
    if not said.known:
        yield NotChecked((KEY, PROTECTION, UNREADABLE), name, said.unknown)
    elif said.value is None:
        evidence = "There is no such table in this region and account"
        yield Finding(UNREADABLE, name, evidence, _make(survey, name))
        return
    else:
        yield from _description(survey, name, said.value)
    yield from _backups(survey, name)
    yield from _expiry(survey, name)
    yield from _strangers(survey, name)


def _on(survey: Survey, table: str, command: str, *arguments: str) -> str:
    return survey.commands.aws("dynamodb", command, "--table-name", table, *arguments)


def _make(survey: Survey, table: str) -> str:
    return _on(
        survey,
        table,
        "create-table",
        "--attribute-definitions",
        "AttributeName=LockID,AttributeType=S",
        "--key-schema",
        "AttributeName=LockID,KeyType=HASH",
        "--billing-mode",
        "PAY_PER_REQUEST",
    )


def _description(survey: Survey, name: str, table: Any) -> Iterator[Finding]:
    keys = [(part["AttributeName"], part["KeyType"]) for part in table["KeySchema"]]
    types = {part["AttributeName"]: part["AttributeType"] for part in table["AttributeDefinitions"]}
    if keys != [("LockID", "HASH")] or types.get("LockID") != "S":
        shown = ", ".join(f"{key} ({types.get(key)}, {kind})" for key, kind in keys)
        evidence = f"Its key is {shown}; it has to be LockID (S, HASH)"
        make = _make(survey, f"{name}-2")
        fix = choice((f"Make another one, and name it in all backend blocks ({name}-2)", make))
        yield Finding(KEY, name, evidence, fix)
    if not table.get("DeletionProtectionEnabled"):
        fix = _on(survey, name, "update-table", "--deletion-protection-enabled")
        yield Finding(PROTECTION, name, "Deletion protection is off", fix)


def _backups(survey: Survey, name: str) -> Iterator[Result]:
    dynamodb = survey.connection.dynamodb
    said = ask(
        "dynamodb:DescribeContinuousBackups",
        lambda: dynamodb.describe_continuous_backups(TableName=name)[
            "ContinuousBackupsDescription"
        ],
    )
    if not said.known:
        yield NotChecked((BACKUPS,), name, said.unknown)
        return
    status = said.value.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if status != "ENABLED":
        setting = "PointInTimeRecoveryEnabled=true"
        option = "--point-in-time-recovery-specification"
        fix = _on(survey, name, "update-continuous-backups", option, setting)
        yield Finding(BACKUPS, name, "Point-in-time recovery is off", fix)


def _expiry(survey: Survey, name: str) -> Iterator[Result]:
    dynamodb = survey.connection.dynamodb
    said = ask(
        "dynamodb:DescribeTimeToLive",
        lambda: dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
    )
    if not said.known:
        yield NotChecked((EXPIRY,), name, said.unknown)
    elif said.value.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
        attribute = said.value.get("AttributeName", "")
        setting = f"Enabled=false,AttributeName={attribute}"
        fix = _on(survey, name, "update-time-to-live", "--time-to-live-specification", setting)
        yield Finding(EXPIRY, name, f"Items expire by their attribute {attribute}", fix)


def _strangers(survey: Survey, name: str) -> Iterator[Result]:
    if isinstance(survey.items, HoldfastError):
        yield NotChecked((STRANGERS,), name, survey.items.happened)
        return
    odd = [
        item.lock_id
        for item in survey.items
        if "/" not in item.lock_id or (item.info is None and item.digest is None)
    ]
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        shown = ", ".join(odd[:3]) + more
        fix = choice(("Look at them", _on(survey, name, "scan")))
        yield Finding(STRANGERS, name, f"{len(odd)}: {shown}", fix)
