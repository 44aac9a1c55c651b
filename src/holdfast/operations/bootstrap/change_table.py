"""The steps of a plan that make and set the lock table."""

from collections.abc import Mapping
from typing import Any

from holdfast.client.errors import Unreachable
from holdfast.operations.bootstrap.actual import NOT_OFFERED
from holdfast.operations.bootstrap.arns import table_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.change_bucket import Change, Work
from holdfast.operations.bootstrap.plan import Step
from holdfast.operations.bootstrap.refusals import NotAvailable
from holdfast.operations.bootstrap.settling import settled

_LONGEST = 300.0  # seconds until a table has to be active
_PAUSE = 1.0


def _send(work: Work, doing: str, action: str, method: str, **parameters: Any) -> Any:
    name = work.desired.table_name or ""
    send = getattr(work.connection.dynamodb, method)
    call = table_call(f"{doing} {name}", action, name)
    return settled(lambda: ask(call, lambda: send(**parameters)), work.sleep)


def make_table(work: Work, step: Step) -> Any:
    """Make the table with everything that can be said at once, and wait until it is there."""
    desired = work.desired
    made = ask(
        table_call(f"make the table {step.name}", "CreateTable", step.name),
        lambda: work.connection.dynamodb.create_table(
            TableName=step.name,
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=desired.table.deletion_protection,
            SSESpecification=_encryption(work),
            Tags=[{"Key": name, "Value": value} for name, value in desired.all_tags.items()],
        ),
        {"ResourceInUseException"},  # somebody made it since we looked
    )
    if made is NOT_OFFERED:
        raise NotAvailable("this endpoint has no DynamoDB", "Use --lock lockfile.")
    wait_until_active(work)
    return made


def _encryption(work: Work) -> Any:
    kind = work.desired.table_encryption
    if kind == "aws-owned":
        return {"Enabled": False}
    key = {"KMSMasterKeyId": work.key_arn} if kind == "key" else {}
    return {"Enabled": True, "SSEType": "KMS", **key}


def wait_until_active(work: Work) -> None:
    """Wait until the table takes requests.

    Raises:
        Unreachable: it does not within five minutes.
    """
    name = work.desired.table_name or ""
    waited = 0.0
    while True:
        answer = _send(work, "look at the table", "DescribeTable", "describe_table", TableName=name)
        if answer["Table"]["TableStatus"] == "ACTIVE":
            return
        if waited >= _LONGEST:
            raise Unreachable(
                f"the table {name} is still {answer['Table']['TableStatus']}",
                "Run the same command again: it goes on from here.",
            )
        work.sleep(_PAUSE)
        waited += _PAUSE


def _update(work: Work, doing: str, **parameters: Any) -> Any:
    wait_until_active(work)
    name = work.desired.table_name
    answer = _send(work, doing, "UpdateTable", "update_table", TableName=name, **parameters)
    wait_until_active(work)
    return answer


def tag_table(work: Work, step: Step) -> Any:
    """Set the tags."""
    if step.before is None or work.actual.table is None:  # made with them
        return None
    tags = [{"Key": name, "Value": value} for name, value in step.after.items()]
    arn = work.actual.table.arn
    return _send(work, "tag the table", "TagResource", "tag_resource", ResourceArn=arn, Tags=tags)


def bill_by_request(work: Work, step: Step) -> Any:
    """Pay for requests instead of capacity."""
    if step.before is None:
        return None
    return _update(work, "set the billing of the table", BillingMode="PAY_PER_REQUEST")


def encrypt_table(work: Work, step: Step) -> Any:
    """Set the encryption."""
    if step.before is None:
        return None
    return _update(work, "set the encryption of the table", SSESpecification=_encryption(work))


def protect_table(work: Work, step: Step) -> Any:
    """Turn the deletion protection on or off."""
    if step.before is None:
        return None
    return _update(work, "set the protection of the table", DeletionProtectionEnabled=step.after)


def recover_table(work: Work, step: Step) -> Any:
    """Turn point in time recovery on or off. A new table takes a moment until it can."""
    from holdfast.client.errors import ServiceFailed

    for _ in range(30):
        try:
            return _send(
                work,
                "set the backups of the table",
                "UpdateContinuousBackups",
                "update_continuous_backups",
                TableName=work.desired.table_name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": step.after},
            )
        except ServiceFailed as error:
            if error.code != "ContinuousBackupsUnavailableException":
                raise
            work.sleep(_PAUSE)
    raise Unreachable(
        f"the backups of {work.desired.table_name} cannot be set yet", "Run the same command again."
    )


TABLE: Mapping[str, Change] = {
    "table": make_table,
    "table.tags": tag_table,
    "table.billing": bill_by_request,
    "table.encryption": encrypt_table,
    "table.recovery": recover_table,
    "table.protection": protect_table,
}
