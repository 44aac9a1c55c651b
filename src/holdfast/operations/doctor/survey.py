"""What is looked at: everything in a bucket and its table, read once, and shared by all checks."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from holdfast.client import listing
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.header_cache import HeaderCache
from holdfast.client.headers import Headers
from holdfast.client.listing import STATE_SUFFIX, objects
from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.commands import Commands
from holdfast.operations.doctor.reading import Look, VersionSeen, look_at
from holdfast.operations.locks import LocksSeen, TableItem, all_locks, table_items
from holdfast.terraform.address import (
    DIGEST_SUFFIX,
    LOCK_FILE_SUFFIX,
    StateAddress,
    address_of,
)

_WORKERS = 16
_HISTORY = 10  # older versions of each state
_READ_IN_ALL = 4000  # older versions of all states, at most about so many
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to look.

    Attributes:
        prefix: only states whose object key begins with it.
        stale_after: how old a lock is before it is called stale.
        history: how many versions of each state are read, beside the newest; None: ten, and fewer
            where there are many states, so that a first look at thousands ends in a minute.
        profiles: AWS profiles whose permissions are tried.
        again: options of `holdfast` that lead to this backend, for the commands of fixes.
    """

    prefix: str = ""
    stale_after: timedelta = timedelta(hours=2)
    history: int | None = None
    profiles: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


@dataclass
class Survey:
    """A backend under examination. Each fact is fetched when a check first needs it."""

    connection: Connection
    options: Options
    now: datetime
    progress: OnProgress = field(default=lambda done, total: None)
    depth: int = 0  # how many older versions of each state were read

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.connection.settings.bucket

    @cached_property
    def kms_key(self) -> str | None:
        """The key that states are encrypted under: of the settings, or else the bucket's default."""
        if self.connection.settings.kms_key_id:
            return self.connection.settings.kms_key_id
        said = ask(
            "s3:GetEncryptionConfiguration",
            lambda: self.connection.s3.get_bucket_encryption(Bucket=self.bucket),
        )
        rules = (said.value or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        named = (rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules)
        return next((one["KMSMasterKeyID"] for one in named if one.get("KMSMasterKeyID")), None)

    @cached_property
    def commands(self) -> Commands:
        """Makes the commands of fixes."""
        return Commands(self.connection.settings, self.options.again)

    @property
    def table(self) -> str | None:
        """The name of the lock table, if there is one."""
        return self.connection.settings.dynamodb_table

    @cached_property
    def items(self) -> tuple[TableItem, ...] | HoldfastError:
        """All items of the table, or why they cannot be read."""
        if not self.table:
            return ()
        try:
            return tuple(table_items(self.connection))
        except HoldfastError as problem:
            return problem

    @cached_property
    def digests(self) -> Mapping[StateAddress, str]:
        """The digests of this bucket's states, as they are stored."""
        if isinstance(self.items, HoldfastError):
            return {}
        start = f"{self.bucket}/{self.options.prefix}"
        return {
            self.address(item.lock_id[len(self.bucket) + 1 :].removesuffix(DIGEST_SUFFIX)): (
                item.digest or ""
            )
            for item in self.items
            if item.is_digest and item.lock_id.startswith(start)
        }

    @cached_property
    def locks(self) -> LocksSeen:
        """The locks that are held."""
        return all_locks(self.connection, self.options.prefix)

    @cached_property
    def listing(self) -> "Listing":
        """The versions of every object, newest first."""
        try:
            return Listing(_versions_of(self.connection, self.options.prefix))
        except HoldfastError as problem:
            # Without the right to list versions, the newest ones can still be looked at.
            return Listing(_newest_of(self.connection, self.options.prefix), problem)

    @cached_property
    def states(self) -> Sequence[Look]:
        """Every state, deleted ones among them, each looked at once."""
        wanted = [(self.address(key), self.listing.versions[key]) for key in self._state_keys()]
        self.depth = self._depth(len(wanted))
        cache = HeaderCache()
        headers = Headers(self.connection, cache)
        found: list[Look] = []
        try:
            with ThreadPoolExecutor(_WORKERS, thread_name_prefix="doctor") as pool:
                looking = pool.map(partial(self._look, headers), wanted)
                for look in looking:
                    found.append(look)
                    self.progress(len(found), len(wanted))
        finally:
            cache.close()
        return found

    def _look(self, headers: Headers, one: tuple[StateAddress, tuple[VersionSeen, ...]]) -> Look:
        address, versions = one
        return look_at(self.connection, address, versions, headers, self.depth)

    def _depth(self, states: int) -> int:
        if self.options.history is not None:
            return self.options.history
        return max(1, min(_HISTORY, _READ_IN_ALL // max(1, states)))

    def address(self, object_key: str) -> StateAddress:
        """Return the state that is kept under an object key."""
        return address_of(self.bucket, object_key, self.connection.settings.workspace_key_prefix)

    def _state_keys(self) -> Iterator[str]:
        own = self.connection.settings.key.rpartition("/")[2]
        named = {address.object_key for address in self.digests}
        named |= {lock.address.object_key for lock in self.locks.locks}
        for key in self.listing.versions:
            if key.endswith((LOCK_FILE_SUFFIX, "/")):
                continue
            if key.endswith(STATE_SUFFIX) or key in named or (own and key.endswith(own)):
                yield key


@dataclass(frozen=True)
class Listing:
    """The versions of all objects, newest first; `problem` says why only the newest are known."""

    versions: Mapping[str, tuple[VersionSeen, ...]]
    problem: HoldfastError | None = None


def _versions_of(connection: Connection, prefix: str) -> dict[str, tuple[VersionSeen, ...]]:
    found: dict[str, list[VersionSeen]] = defaultdict(list)
    for entry, marker in listing.versions(connection, prefix):
        found[entry["Key"]].append(_seen(entry, marker=marker))
    return {key: tuple(versions) for key, versions in sorted(found.items())}


def _newest_of(connection: Connection, prefix: str) -> dict[str, tuple[VersionSeen, ...]]:
    return {
        entry["Key"]: (
            VersionSeen(
                None, entry["LastModified"], entry["Size"], entry.get("ETag", ""), latest=True
            ),
        )
        for entry in objects(connection, prefix)
    }


def _seen(entry: Any, *, marker: bool) -> VersionSeen:
    return VersionSeen(
        entry["VersionId"],
        entry["LastModified"],
        entry.get("Size", 0),
        entry.get("ETag", ""),
        latest=entry["IsLatest"],
        marker=marker,
    )
