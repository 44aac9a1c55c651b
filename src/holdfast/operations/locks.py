"""All held locks of a bucket and its lock table: items and lock files, readable or not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.found_locks import Held, held_of
from holdfast.client.listing import objects
from holdfast.client.lock_places import File, Kept, Place, Table, kept_in
from holdfast.client.translate import Call, translated
from holdfast.terraform.address import (
    DIGEST_SUFFIX,
    LOCK_FILE_SUFFIX,
    WORKSPACE_KEY_PREFIX,
    StateAddress,
    address_of,
)
from holdfast.terraform.lockinfo import LockInfo

_WORKERS = 16


@dataclass(frozen=True, slots=True)
class StateLock:
    """The lock of one state. It may lie in the table, in a lock file, or in both."""

    address: StateAddress
    found: tuple[Held, ...]  # at least one

    @property
    def info(self) -> LockInfo:
        """What the first readable document says; without an id if none can be read."""
        return next((held.info for held in self.found if held.info.id), self.found[0].info)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it lies: `table`, `file` or both."""
        return tuple(held.where for held in self.found)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all documents; more than one if the places hold different locks."""
        return tuple(dict.fromkeys(held.info.id for held in self.found if held.info.id))

    @property
    def unreadable(self) -> str:
        """Why a document cannot be read; empty if all can."""
        return next((held.unreadable for held in self.found if held.unreadable), "")

    def age(self, now: datetime) -> timedelta | None:
        """Return how long it has been held, or None if no document says since when."""
        since = [held.info.since for held in self.found]
        known = [moment for moment in since if moment]
        return max(now - min(known), timedelta(0)) if known else None


@dataclass(frozen=True, slots=True)
class TableItem:
    """An item of a lock table."""

    lock_id: str
    info: str | None  # the lock document
    digest: str | None
    kept: Kept  # the lock as the condition of its removal, where it is one

    @property
    def is_digest(self) -> bool:
        """Whether it keeps the digest of a state rather than a lock."""
        return self.info is None and self.lock_id.endswith(DIGEST_SUFFIX)


@dataclass(frozen=True, slots=True)
class LocksSeen:
    """The locks that were found, and where could not be looked."""

    locks: tuple[StateLock, ...]
    unseen: tuple[HoldfastError, ...] = ()


def all_locks(connection: Connection, prefix: str = "") -> LocksSeen:
    """Return every lock of the bucket, and of the table if the settings name one.

    A table may hold locks of other buckets too; without a prefix these are returned as well.

    Args:
        connection: the services.
        prefix: only states whose object key begins with it.

    Raises:
        HoldfastError: neither place could be read.
    """
    found: list[Held] = []
    unseen: list[HoldfastError] = []
    places = [_files_below(connection, prefix)]
    if connection.settings.dynamodb_table:
        places.append(_items_below(connection, prefix))
    for place in places:
        try:
            found.extend(place)
        except HoldfastError as error:
            unseen.append(error)
    if len(unseen) == len(places):
        raise unseen[-1]
    return LocksSeen(by_state(found), tuple(unseen))


def by_state(found: Iterable[Held]) -> tuple[StateLock, ...]:
    """Put the locks that are of the same state together, in the order of the states."""
    states: dict[StateAddress, list[Held]] = defaultdict(list)
    for held in found:
        states[held.address].append(held)
    return tuple(StateLock(address, tuple(states[address])) for address in sorted(states))


def lock_of(connection: Connection, address: StateAddress) -> StateLock | None:
    """Return the lock of one state, wherever it lies, or None.

    Looks for a lock file also where the settings do not name one: whoever uses lock files is stopped
    by it.

    Raises:
        HoldfastError: a place that the settings name could not be read.
    """
    found: list[Held] = []
    for place in every_place(connection):
        try:
            kept = place.read(address)
        except HoldfastError:
            if place.name in connection.settings.lock_places:
                raise
            continue
        if kept:
            found.append(held_of(address, place.name, kept))
    return StateLock(address, tuple(found)) if found else None


def every_place(connection: Connection) -> tuple[Place, ...]:
    """Return where a lock can lie: a lock file always, the table if the settings name one."""
    table = connection.settings.dynamodb_table
    return (File(connection), *([Table(connection, table)] if table else []))


def table_items(connection: Connection) -> Iterator[TableItem]:
    """Yield every item of the lock table.

    Raises:
        HoldfastError: the table cannot be read.
    """
    table = connection.settings.dynamodb_table or ""
    call = Call(
        f"list the items of table {table}", "dynamodb:Scan", f"arn:aws:dynamodb:*:*:table/{table}"
    )
    with translated(call):
        pages = connection.dynamodb.get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True, ProjectionExpression="LockID, Info, Digest"
        )
        for page in pages:
            for item in page["Items"]:
                if item.get("LockID", {}).get("S"):  # the table may hold other things too
                    yield _item(item)


def _item(item: Any) -> TableItem:
    kept = kept_in(item)
    digest = item.get("Digest", {}).get("S")
    return TableItem(item["LockID"]["S"], kept.document if "Info" in item else None, digest, kept)


def address_of_lock(lock_id: str, workspace_key_prefix: str = WORKSPACE_KEY_PREFIX) -> StateAddress:
    """Return the state whose lock a `LockID` names."""
    bucket, _, key = lock_id.partition("/")
    return address_of(bucket, key, workspace_key_prefix)


def _items_below(connection: Connection, prefix: str) -> Iterator[Held]:
    bucket, workspaces = connection.settings.bucket, connection.settings.workspace_key_prefix
    for item in table_items(connection):
        if item.is_digest:
            continue
        if prefix and not item.lock_id.startswith(f"{bucket}/{prefix}"):
            continue
        yield held_of(address_of_lock(item.lock_id, workspaces), "table", item.kept)


def _files_below(connection: Connection, prefix: str) -> Iterator[Held]:
    settings = connection.settings
    addresses = [
        address_of(
            settings.bucket, key.removesuffix(LOCK_FILE_SUFFIX), settings.workspace_key_prefix
        )
        for key in (entry["Key"] for entry in objects(connection, prefix))
        if key.endswith(LOCK_FILE_SUFFIX)
    ]
    file = File(connection)
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="locks") as pool:
        for address, kept in zip(addresses, pool.map(file.read, addresses), strict=True):
            if kept:  # it may have been released since the listing
                yield held_of(address, "file", kept)


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
