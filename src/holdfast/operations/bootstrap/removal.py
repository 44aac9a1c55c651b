"""What removing a backend would remove, and what forbids it. Reads only."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.translate import translated
from holdfast.operations.bootstrap.actual import Actual, Thing
from holdfast.operations.bootstrap.arns import table_call
from holdfast.operations.bootstrap.contents import versions
from holdfast.operations.bootstrap.desired import Desired
from holdfast.terraform.address import DIGEST_SUFFIX, LOCK_FILE_SUFFIX

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Removal:
    """What would go.

    Attributes:
        remains: versions that go with the bucket, as (key, version id).
        deleted_states: keys of deleted states whose old versions are still there.
        obstacles: what forbids it: one sentence each.
    """

    actual: Actual
    remains: tuple[tuple[str, str], ...]
    deleted_states: tuple[str, ...]
    obstacles: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.actual.bucket or self.actual.table or self.actual.key)

    def sentences(self, desired: Desired) -> list[str]:
        """Return what will happen, one sentence each, in its order."""
        found = []
        if self.actual.bucket:
            plural = "" if len(self.remains) == 1 else "s"
            with_them = f" with {len(self.remains)} old version{plural}" if self.remains else ""
            found.append(f"The bucket {desired.bucket} will be deleted{with_them}.")
        if self.deleted_states:
            found.append(
                f"These deleted states can not be restored then: {_some(self.deleted_states)}."
            )
        if self.actual.table:
            found.append(f"The table {self.actual.table.name} will be deleted.")
        if self.actual.key and desired.makes_key:
            days = desired.encryption.deletion_window_days
            found.append(
                f"The key {self.actual.key.name} ({desired.alias}) will be deleted in {days} days; "
                "until then it can be saved, and nothing can be encrypted or decrypted with it."
            )
        return found


def removal(
    connection: Connection,
    desired: Desired,
    actual: Actual,
    *,
    adopt: bool = False,
    with_versions: bool = False,
) -> Removal:
    """Look at everything that would go.

    Args:
        connection: the way to the services.
        desired: names what is to be removed.
        actual: what is there.
        adopt: remove what bootstrap did not make, too.
        with_versions: old versions of deleted states may go too.
    """
    ours: list[Thing | None] = [actual.bucket, actual.table]
    ours.append(actual.key if desired.makes_key else None)
    obstacles = [
        f"{thing.name} was not made by bootstrap; --adopt allows to remove it"
        for thing in ours
        if thing and not thing.marked and not adopt
    ]
    remains, deleted, held = _bucket(connection, actual)
    obstacles += held
    if deleted and not with_versions:
        obstacles.append(
            f"old versions of deleted states can still be restored: {_some(deleted)}; "
            "--with-versions allows to remove them"
        )
    obstacles += list(_table(connection, desired, actual))
    return Removal(actual, remains, deleted, tuple(obstacles))


def _bucket(
    connection: Connection, actual: Actual
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], list[str]]:
    if actual.bucket is None:
        return (), (), []
    by_key: dict[str, list[Any]] = defaultdict(list)
    for version in versions(connection, actual.identity, actual.bucket.name):
        by_key[version["Key"]].append(version)
    live, deleted = [], []
    for key, found in by_key.items():
        if any(each["IsLatest"] and not each["IsMarker"] for each in found):
            live.append(key)
        elif not key.endswith(LOCK_FILE_SUFFIX) and not all(each["IsMarker"] for each in found):
            deleted.append(key)
    held = []
    states = [key for key in live if not key.endswith(LOCK_FILE_SUFFIX)]
    locks = [key for key in live if key.endswith(LOCK_FILE_SUFFIX)]
    if states:
        count = "a state or other object" if len(states) == 1 else "states or other objects"
        number = "" if len(states) == 1 else f"{len(states)} "
        held.append(f"the bucket holds {number}{count}: {_some(states)}")
    if locks:
        held.append(f"locks are held: {_some(locks)}")
    remains = [(e["Key"], e["VersionId"]) for found in by_key.values() for e in found]
    return tuple(remains), tuple(deleted), held


def _table(connection: Connection, desired: Desired, actual: Actual) -> Iterator[str]:
    if actual.table is None or actual.table.unusable:
        if actual.table:
            yield actual.table.unusable
        return
    name = actual.table.name
    locks, others = [], []
    with translated(table_call(f"look into the table {name}", "Scan", name)):
        pages: Any = connection.dynamodb.get_paginator("scan")
        for page in pages.paginate(TableName=name, ConsistentRead=True):
            for item in page["Items"]:
                lock_id = item["LockID"]["S"]
                if not lock_id.startswith(f"{desired.bucket}/"):
                    others.append(lock_id)
                elif not lock_id.endswith(DIGEST_SUFFIX) or "Info" in item:
                    locks.append(lock_id)
    if locks:
        yield f"locks are held in {name}: {_some(locks)}"
    if others:
        yield f"the table {name} serves other buckets too: {_some(others)}"


def _some(names: Any) -> str:
    shown = ", ".join(names[:_EXAMPLES])
    return shown if len(names) <= _EXAMPLES else f"{shown} and {len(names) - _EXAMPLES} more"
