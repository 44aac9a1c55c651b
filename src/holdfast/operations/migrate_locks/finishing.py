"""The last step: digests that nobody compares any more, and a table that nobody locks with."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from holdfast.client.backend import Backend
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.translate import Call, translated
from holdfast.operations.locks import table_items
from holdfast.operations.migrate_locks.examine import states_of
from holdfast.terraform.address import StateAddress

_SHOWN = 5  # items that are named where a table is not empty


class TableInUse(HoldfastError):
    """The table holds something else, or may not be deleted."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The digests that were removed."""

    addresses: tuple[StateAddress, ...]


def stored_digests(backend: Backend) -> list[StateAddress]:
    """Return the states of a backend's key that have a digest in the table.

    Raises:
        HoldfastError: the bucket or the table cannot be read.
    """
    addresses = [state.address for state in states_of(backend)]
    return [address for address in addresses if backend.digests.read(address) is not None]


def drop_digests(backend: Backend, *, locked: bool = True) -> Dropped:
    """Remove the digests of all workspaces of a backend's key, each under the state's lock.

    Args:
        backend: as it locks now; with the table.
        locked: whether to take the locks, in all places the settings name.

    Raises:
        LockHeld: a state is locked. Digests before it are removed; doing it again goes on.
        HoldfastError: the bucket or the table cannot be reached.
    """
    done: list[StateAddress] = []
    for address in stored_digests(backend):
        with backend.lock("migrate-locks finish", address=address) if locked else nullcontext():
            backend.digests.write(address, None)
        done.append(address)
    return Dropped(tuple(done))


def left_in_table(connection: Connection, without: Iterable[StateAddress] = ()) -> list[str]:
    """Return the ids of what else is in the table.

    Args:
        connection: its settings name the table.
        without: states whose digests do not count.

    Raises:
        HoldfastError: the table cannot be read.
    """
    ours = {address.digest_id for address in without}
    return [item.lock_id for item in table_items(connection) if item.lock_id not in ours]


def delete_table(connection: Connection) -> str | None:
    """Delete the lock table, if it is one and is empty; return its name, None if it is gone already.

    Raises:
        TableInUse: it is no lock table, holds something, or is protected.
        HoldfastError: it cannot be read or deleted.
    """
    name = connection.settings.dynamodb_table or ""
    arn = f"arn:aws:dynamodb:*:*:table/{name}"
    table = _described(connection, name, arn)
    if table is None or table["TableStatus"] == "DELETING":
        return None  # another backend has the same table
    if [key["AttributeName"] for key in table["KeySchema"]] != ["LockID"]:
        raise TableInUse(f"table {name} is not a lock table, and stays", "")
    left = left_in_table(connection)
    if left:
        shown = ", ".join(left[:_SHOWN]) + (" and more" if len(left) > _SHOWN else "")
        raise TableInUse(
            f"table {name} stays: it holds {len(left)} other item{'s' * (len(left) > 1)} ({shown})",
            "They are of states outside this tree. Migrate these too, then run the command again.",
        )
    if table.get("DeletionProtectionEnabled"):
        raise TableInUse(
            f"table {name} stays: it is protected from deletion",
            f"Take that off: aws dynamodb update-table --table-name {name} "
            "--no-deletion-protection-enabled",
        )
    with translated(Call(f"delete table {name}", "dynamodb:DeleteTable", arn)):
        connection.dynamodb.delete_table(TableName=name)
    return name


def _described(connection: Connection, name: str, arn: str) -> Any:
    client = connection.dynamodb
    with translated(Call(f"look at table {name}", "dynamodb:DescribeTable", arn)):
        try:
            return client.describe_table(TableName=name)["Table"]
        except client.exceptions.ResourceNotFoundException:
            return None
