"""Removing a backend that holds nothing any more. Stopped anywhere, a second run goes on from there."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import Unreachable
from holdfast.client.translate import translated
from holdfast.operations.bootstrap.arns import key_call, owned, s3_call, table_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.refusals import Refused
from holdfast.operations.bootstrap.removal import Removal

_AT_ONCE = 1000  # versions in one DeleteObjects
_LONGEST = 300


def destroy(
    connection: Connection,
    desired: Desired,
    removal: Removal,
    *,
    told: Callable[[str], None] = lambda _what: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Remove bucket, table, alias and key; the key only if bootstrap makes it, and after its window.

    Args:
        connection: the way to the services.
        desired: names what is to be removed.
        removal: what `removal` found just now.
        told: called with a sentence when something is done.
        sleep: waits for so many seconds.

    Raises:
        Refused: something is still held.
        HoldfastError: a request failed; what was removed before stays removed.
    """
    if removal.obstacles:
        raise Refused("; ".join(removal.obstacles), "Nothing was removed.")
    actual = removal.actual
    if actual.bucket:
        _delete_versions(connection, removal)
        where: Any = owned(actual.identity, desired.bucket)
        call = s3_call(f"delete the bucket {desired.bucket}", "DeleteBucket", desired.bucket)
        ask(call, lambda: connection.s3.delete_bucket(**where), {"NoSuchBucket"})
        told(f"Deleted the bucket {desired.bucket}.")
    if actual.table:
        _delete_table(connection, actual.table.name, sleep)
        told(f"Deleted the table {actual.table.name}.")
    if actual.key and desired.makes_key:
        _delete_key(connection, desired, actual.key.name, actual.key.settings)
        told(f"The key {actual.key.name} will be deleted.")


def _delete_versions(connection: Connection, removal: Removal) -> None:
    bucket = removal.actual.bucket.name if removal.actual.bucket else ""
    where: Any = owned(removal.actual.identity, bucket)
    for start in range(0, len(removal.remains), _AT_ONCE):
        some = removal.remains[start : start + _AT_ONCE]
        objects: Any = [{"Key": key, "VersionId": version} for key, version in some]
        call = s3_call(f"delete old versions in {bucket}", "DeleteObjectVersion", bucket)
        with translated(call):
            answer = connection.s3.delete_objects(
                **where, Delete={"Objects": objects, "Quiet": True}
            )
        _check_deleted(bucket, answer.get("Errors", []))


def _check_deleted(bucket: str, errors: Sequence[Any]) -> None:
    if errors:
        first = errors[0]
        raise Refused(
            f"{len(errors)} versions in {bucket} could not be deleted, among them {first['Key']}: "
            f"{first.get('Code')}: {first.get('Message')}",
            "The bucket is still there. Mend the reason and run the same command again.",
        )


def _delete_table(connection: Connection, name: str, sleep: Callable[[float], None]) -> None:
    call = table_call(f"delete the table {name}", "DeleteTable", name)
    gone = {"ResourceNotFoundException"}
    client = connection.dynamodb
    _wait(connection, name, "ACTIVE", sleep)
    ask(call, lambda: client.update_table(TableName=name, DeletionProtectionEnabled=False), gone)
    _wait(connection, name, "ACTIVE", sleep)
    ask(call, lambda: client.delete_table(TableName=name), gone)
    _wait(connection, name, None, sleep)


def _wait(
    connection: Connection, name: str, status: str | None, sleep: Callable[[float], None]
) -> None:
    call = table_call(f"look at the table {name}", "DescribeTable", name)
    for _ in range(_LONGEST):
        answer = ask(
            call,
            lambda: connection.dynamodb.describe_table(TableName=name),
            {"ResourceNotFoundException"},
        )
        if answer is None or answer["Table"]["TableStatus"] == status:
            return
        sleep(1)
    raise Unreachable(f"the table {name} is still busy", "Run the same command again.")


def _delete_key(connection: Connection, desired: Desired, key_id: str, settings: Any) -> None:
    """Let the key be deleted after its window, then drop the alias.

    In this order a run that stops between them finds the key again, by its alias.
    """
    if settings.get("key.state") != "PendingDeletion":
        days = desired.encryption.deletion_window_days
        ask(
            key_call(f"delete the key {key_id}", "ScheduleKeyDeletion", key_id),
            lambda: connection.kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days),
        )
    if settings.get("key.alias"):
        ask(
            key_call(f"delete {desired.alias}", "DeleteAlias", key_id),
            lambda: connection.kms.delete_alias(AliasName=desired.alias),
            {"NotFoundException"},
        )
