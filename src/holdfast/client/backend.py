"""One backend: everything that Terraform does with its states, and what it cannot do."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from holdfast.client import listing, locking, locks_in_time, reading, writing
from holdfast.client.connect import Connection
from holdfast.client.digests import Digests
from holdfast.client.errors import NotConfigured
from holdfast.client.found_locks import Held, held_of
from holdfast.client.header_cache import HeaderCache
from holdfast.client.headers import Headers
from holdfast.client.history import Version, history
from holdfast.client.listing import StateListing
from holdfast.client.lock_places import Place, places_of
from holdfast.client.locking import HeldLock, OnWait
from holdfast.client.locks_in_time import EndedLock, KnownLock
from holdfast.client.settings import BackendSettings
from holdfast.client.stored import StoredState, Written
from holdfast.terraform.address import DEFAULT_WORKSPACE, StateAddress

if TYPE_CHECKING:
    from holdfast.client.config.given import Given


class Backend:
    """A `backend "s3"`: its states, their locks, digests and versions. Safe for threads.

    Every method that takes an `address` means the state of the backend's own key and workspace if none
    is given; another address has to be in the same bucket.
    """

    def __init__(
        self,
        settings: BackendSettings,
        workspace: str = DEFAULT_WORKSPACE,
        *,
        connection: Connection | None = None,
        cache: bool = True,
    ) -> None:
        """Describe a backend; nothing is sent yet.

        Args:
            settings: the arguments of the backend block.
            workspace: the workspace whose state is meant where no address is given.
            connection: clients to share with another backend of the same settings.
            cache: whether the headers of versions are remembered in the user's cache directory.
        """
        self.settings = settings
        self.workspace = workspace
        self.connection = connection or Connection(settings)
        self._cache = HeaderCache() if cache else None

    @classmethod
    def from_arguments(
        cls, bucket: str, key: str = "", *, workspace: str = DEFAULT_WORKSPACE, **arguments: Any
    ) -> Self:
        """Return a backend from arguments of a backend block, such as `dynamodb_table="locks"`."""
        return cls(BackendSettings(bucket, key, **arguments), workspace)

    @classmethod
    def from_directory(cls, directory: Path | str = ".", *, workspace: str | None = None) -> Self:
        """Return the backend of a Terraform directory, initialised or not.

        Args:
            directory: holds `.terraform`, or a `backend "s3"` block.
            workspace: another one than the directory's current one.

        Raises:
            NotConfigured: there is no backend, or something of it is missing or contradictory.
        """
        from holdfast.client.config.given import Given

        return cls._discovered(Given(directory=Path(directory), workspace=workspace))

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Return the backend that a URL names: `s3://bucket/key?region=...&lock_table=...`.

        Raises:
            NotConfigured: it is no such URL.
        """
        from holdfast.client.config.given import Given

        return cls._discovered(Given(url=url))

    @classmethod
    def _discovered(cls, given: "Given") -> Self:
        import os

        from holdfast.client.config.discovery import discover

        found = discover(given, os.environ)
        return cls(found.settings, found.workspace)

    @property
    def address(self) -> StateAddress:
        """The state of the backend's key and workspace.

        Raises:
            NotConfigured: the settings have no key.
        """
        if not self.settings.key:
            raise NotConfigured(
                f"no key was said for the bucket {self.settings.bucket}",
                "Name the state with --key.",
            )
        return self.settings.address(self.workspace)

    def in_workspace(self, workspace: str) -> "Backend":
        """Return the same backend in another workspace, over the same connections."""
        return self._with(self.settings, workspace)

    def at(self, address: StateAddress) -> "Backend":
        """Return a backend for another state of the same bucket, over the same connections."""
        self._resolve(address)
        return self._with(
            self.settings.changed(
                key=address.key, workspace_key_prefix=address.workspace_key_prefix
            ),
            address.workspace,
        )

    def read(
        self,
        address: StateAddress | None = None,
        version_id: str | None = None,
        *,
        settle: float = reading.SETTLING,
        accept_mismatch: bool = False,
    ) -> StoredState:
        """Read a state.

        Args:
            address: which; the backend's own if None.
            version_id: an older version; the newest if None.
            settle: seconds to wait for a digest that does not fit, as Terraform does.
            accept_mismatch: return a state with a wrong digest too; `digest` of the result says so.

        Raises:
            NoSuchState: there is none.
            DigestMismatch: the lock table has the digest of another one.
        """
        at = self._resolve(address)
        if version_id is not None:
            return reading.read_version(self.connection, at, version_id)
        return reading.read(self.connection, at, settle=settle, accept_mismatch=accept_mismatch)

    def write(
        self,
        body: bytes,
        *,
        address: StateAddress | None = None,
        held: HeldLock | None = None,
        force: bool = False,
    ) -> Written:
        """Write a state and its digest, under its lock.

        Args:
            body: the state.
            address: where; the backend's own if None.
            held: the lock of that state.
            force: skip the checks of serial and lineage, and the need of a lock.

        Raises:
            NotLocked, LockLost: the lock is missing, of another state, or gone.
            NotAState, ForeignLineage, StaleSerial: it may not take the place of the present state.
            WrittenMeanwhile: somebody wrote without the lock; nothing was stored.
            DigestNotWritten: the state was stored, its digest was not; says how to mend that.
        """
        return writing.write(self.connection, self._resolve(address), body, held=held, force=force)

    def delete(
        self,
        address: StateAddress | None = None,
        *,
        held: HeldLock | None = None,
        force: bool = False,
    ) -> None:
        """Delete a state and its digest, under its lock. Older versions stay where they are kept.

        Raises:
            NotLocked, LockLost: the lock is missing, of another state, or gone.
            NoSuchState: there is none.
            DigestNotWritten: the state was deleted, its digest was not; says how to mend that.
        """
        writing.delete(self.connection, self._resolve(address), held=held, force=force)

    def workspaces(self) -> list[str]:
        """Return the workspaces of the backend's key, `default` first."""
        return listing.workspaces(self.connection, self.address.key)

    def states(self, prefix: str = "") -> Iterator[StateListing]:
        """Yield the states of the bucket whose object keys begin with a prefix, in order."""
        return listing.states(self.connection, prefix)

    def headers(self, *, cache: bool = True) -> Headers:
        """Return what reads the headers of many versions at once."""
        return Headers(self.connection, self._cache if cache else None)

    def history(
        self,
        address: StateAddress | None = None,
        *,
        headers: bool = True,
        limit: int | None = None,
    ) -> Iterator[Version]:
        """Yield the versions of a state, newest first.

        Args:
            address: which; the backend's own if None.
            headers: whether to read serial, lineage and counts of each, which reads each body once.
            limit: yield so many at most, and read no more; all if None.
        """
        reader = self.headers() if headers else None
        return history(self.connection, self._resolve(address), reader, limit)

    @property
    def digests(self) -> Digests:
        """The digest items of the lock table."""
        return Digests(self.connection)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where locks lie, in the order in which they are taken; none if the settings name none."""
        return places_of(self.connection)

    def lock(
        self,
        operation: str,
        timeout: float = 0.0,
        info: str = "",
        *,
        address: StateAddress | None = None,
        on_wait: OnWait | None = None,
    ) -> HeldLock:
        """Take the lock of a state, in the table, the file or both, as the settings say.

        Use it with `with`: leaving the block releases the lock.

        Args:
            operation: what for; Terraform shows it to whoever is refused.
            timeout: seconds to wait for another holder.
            info: more about it.
            address: of which state; the backend's own if None.
            on_wait: told who is waited for, after each failed attempt.

        Raises:
            LockHeld: somebody else holds it.
        """
        at = self._resolve(address)
        document = locking.new_info(at, operation, info)
        return locking.acquire(self.places, at, document, timeout=timeout, on_wait=on_wait)

    def holder(self, address: StateAddress | None = None) -> list[Held]:
        """Return the locks of a state: none, one, or one for each place."""
        at = self._resolve(address)
        found = ((place, place.read(at)) for place in self.places)
        return [held_of(at, place.name, kept) for place, kept in found if kept is not None]

    def unlock(self, lock: Held | str, address: StateAddress | None = None) -> list[Held]:
        """Break a lock: one conditional delete in each place, so that no other lock is ever removed.

        Args:
            lock: one that `holder` returned, or the id of one, which is removed from every place.
            address: of which state, for an id; the backend's own if None.

        Returns:
            What was removed.

        Raises:
            NoSuchLock: it is not held, or not any more.
        """
        if isinstance(lock, Held):
            locking.release_found(self.places, lock)
            return [lock]
        return locking.release_by_id(self.places, self._resolve(address), lock)

    def known_lock(self, address: StateAddress | None = None) -> KnownLock | None:
        """Return what a Holdfast server knows of a state's lock: who waits, and whether it looks dead.

        Raises:
            NotHoldfast: it is another server.
        """
        at = self._resolve(address)
        return locks_in_time.known_lock(self.connection, at.bucket, at.object_key)

    def past_locks(
        self, address: StateAddress | None = None, *, since: datetime | None = None
    ) -> Iterator[EndedLock]:
        """Yield the locks of a state that are held no more, the oldest first.

        Args:
            address: of which state; the backend's own if None.
            since: only those that ended then or later.

        Raises:
            NotHoldfast: it is another server.
        """
        at, connection = self._resolve(address), self.connection
        return locks_in_time.ended_locks(connection, at.bucket, key=at.object_key, since=since)

    def close(self) -> None:
        """Close the cache. The SDK's connections close with the process."""
        if self._cache:
            self._cache.close()

    def _with(self, settings: BackendSettings, workspace: str) -> "Backend":
        backend = Backend(settings, workspace, connection=self.connection, cache=False)
        backend._cache = self._cache
        return backend

    def _resolve(self, address: StateAddress | None) -> StateAddress:
        if address is None:
            return self.address
        if address.bucket != self.settings.bucket:
            raise NotConfigured(
                f"{address.url} is not in the bucket of this backend, {self.settings.bucket}",
                "Make a backend for that bucket.",
            )
        return address
