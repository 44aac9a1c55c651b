"""Copying one state: locked at both ends, oldest version first, read back and compared at the end."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from holdfast.client import object_headers
from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, NoSuchState
from holdfast.client.history import Version
from holdfast.client.locking import HeldLock, OnWait
from holdfast.client.translate import Call, translated
from holdfast.operations.copying import leftover, refusing
from holdfast.operations.copying.aligning import next_to_copy
from holdfast.operations.copying.entries import Entries, metadata_of
from holdfast.operations.with_leave import with_leave
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import digest_of

_READERS = 8
_CHECK_LOCKS = 5.0  # seconds after which we look whether our locks are still there
_ROUNDS = 5  # how often a source that somebody writes without a lock is caught up with


class NotTheSame(HoldfastError):
    """What was read back is not what was copied."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to copy."""

    force: bool = False
    newest_only: bool = False
    dry_run: bool = False
    lock_timeout: float = 0.0  # seconds
    on_wait: OnWait | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one state."""

    source: StateAddress
    target: StateAddress
    versions: int  # that the source has, deletions among them
    there_before: int  # of these
    copied: int  # or, in a dry run, that would be
    left_out: int  # older versions that the target does not keep
    size: int  # bytes of what was copied
    verified: int  # versions that were read back


class _Copy:
    """One state on its way."""

    def __init__(
        self, source: Entries, target: Entries, options: Options, keeps_versions: bool
    ) -> None:
        self.source, self.target = source, target
        self.options = options
        self.whole = keeps_versions and not options.newest_only
        self.keeps_versions = keeps_versions
        self.held: tuple[HeldLock, ...] = ()
        self._checked = time.monotonic()

    def pending(self) -> tuple[list[Version], int]:
        """Return the versions that are to be copied, and how many of the source's are there.

        Raises:
            ForeignLineage, StaleSerial: the target holds something else.
        """
        versions = self.source.versions
        start = next_to_copy(self.source, self.target)
        if start is None:
            refusing.check(
                self.source,
                self.target,
                keeps_versions=self.keeps_versions,
                force=self.options.force,
            )
            start = 0
        if self.whole:
            return versions[start:], start
        newest = self.source.newest
        if newest is None or start == len(versions):
            return [], start
        return [newest], start

    def put(self, version: Version) -> int:
        """Copy one version; return its size in bytes."""
        self._check_locks()
        connection, address = self.target.backend.connection, self.target.address
        arn = f"arn:aws:s3:::{address.bucket}/{address.object_key}"
        if version.delete_marker:
            with translated(Call(f"delete {address.url}", "s3:DeleteObject", arn)):
                connection.s3.delete_object(Bucket=address.bucket, Key=address.object_key)
            return 0
        body = self.source.body(version)
        metadata = metadata_of(self.source, version, self.source.sha256(version))

        def write() -> None:
            with translated(Call(f"write {address.url}", "s3:PutObject", arn)):
                connection.s3.put_object(
                    Bucket=address.bucket,
                    Key=address.object_key,
                    Body=body,
                    Metadata=metadata,
                    **object_headers.for_state(connection.settings),
                )

        with_leave(connection, address, f"copying {self.source.address.url}", write)
        return len(body)

    def _check_locks(self) -> None:
        if time.monotonic() - self._checked >= _CHECK_LOCKS:
            for lock in self.held:
                lock.check()
            self._checked = time.monotonic()

    def set_digest(self) -> None:
        """Store the digest of what is the newest version now."""
        newest = self.target.newest
        body = self.target.body(newest) if newest else b""
        digest = digest_of(body) if body else None  # no digest fits a state without bytes
        self.target.backend.digests.write(self.target.address, digest)

    def verify(self, progress: Callable[[int], None]) -> int:
        """Read back what the target holds of the source's versions; return how many that are.

        Raises:
            NotTheSame: a version is missing, or has other bytes.
        """
        expected = self.source.versions if self.whole else [self.source.newest]
        expected = [each for each in expected if each is not None]
        different, number = self._compared(expected, self.target.versions, progress)
        if different:  # or was it written twice, since an answer was lost on its way?
            once, written = _once(self.source), _once(self.target)
            different, number = self._compared(once[-len(expected) :], written, progress)
        if different:
            raise self._different(different)
        return number

    def _compared(
        self, expected: list[Version], kept: list[Version], progress: Callable[[int], None]
    ) -> tuple[Version | None, int]:
        """Return one of the source's versions that differs, if there is one; and how many were read."""
        # Of what the target kept before the copy, and of what it dropped since, nothing is expected.
        kept = kept[-len(expected) :] if expected else []
        if expected and not kept:
            return expected[-1], 0
        pairs = list(zip(expected[-len(kept) :], kept, strict=True)) if kept else []

        def is_same(pair: tuple[Version, Version]) -> bool:
            progress(0)
            return self._is_same(pair)

        with ThreadPoolExecutor(_READERS, thread_name_prefix="verify") as pool:
            for (ours, _), same in zip(pairs, pool.map(is_same, pairs), strict=True):
                if not same:
                    return ours, len(pairs)
        return None, len(pairs)

    def _is_same(self, pair: tuple[Version, Version]) -> bool:
        ours, theirs = pair
        if ours.delete_marker or theirs.delete_marker:
            return ours.delete_marker and theirs.delete_marker
        return self.source.sha256(ours) == self.target.read_again(theirs)

    def _different(self, version: Version) -> NotTheSame:
        return NotTheSame(
            f"version {version.version_id} of {self.source.address.url} is not at "
            f"{self.target.address.url} as it was copied",
            "Somebody wrote there meanwhile, or the store is damaged. Look at both: holdfast versions",
        )


def _once(entries: Entries) -> list[Version]:
    """Return the versions without those that are followed by a copy of the same original."""
    found: list[Version] = []
    for version in entries.versions:
        if found and _is_repeated(entries, found[-1], version):
            found.pop()
        found.append(version)
    return found


def _is_repeated(entries: Entries, one: Version, next_one: Version) -> bool:
    if one.delete_marker or next_one.delete_marker:
        return one.delete_marker and next_one.delete_marker
    origin = entries.origin(one)
    return origin is not None and origin == entries.origin(next_one)


def copy_state(
    source: Backend,
    source_address: StateAddress,
    target: Backend,
    target_address: StateAddress,
    options: Options,
    *,
    keeps_versions: bool,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> Copied:
    """Copy one state with its history. The source stays as it is.

    Args:
        source: the backend of the state.
        source_address: the state.
        target: the backend to copy to.
        target_address: where the copy will be.
        options: how.
        keeps_versions: whether the target's bucket keeps versions.
        progress: told the size of each version once it is copied, and 0 at each one that is verified;
            what it raises ends the copy.

    Raises:
        NoSuchState: there is nothing to copy.
        LockHeld: somebody holds the lock at either end.
        ForeignLineage, StaleSerial: the target holds something that is none of the source's versions.
        NotTheSame: what was read back differs.
        HoldfastError: either end cannot be reached. Doing it again goes on where it stopped.
    """

    def prepared() -> _Copy:
        ours = Entries(source, source_address)
        if not ours.versions:
            raise NoSuchState(
                f"there is no state at {source_address.url}",
                "'holdfast states' lists what there is.",
            )
        return _Copy(ours, Entries(target, target_address), options, keeps_versions)

    if options.dry_run:
        return _copied(prepared())
    timeout, told = options.lock_timeout, options.on_wait
    with (
        leftover.take(source, source_address, timeout, told) as one,
        leftover.take(target, target_address, timeout, told) as other,
    ):
        copy = prepared()
        copy.held = (one, other)
        return _carry_out(copy, progress)


def _carry_out(copy: _Copy, progress: Callable[[int], None]) -> Copied:
    size, count, before = 0, 0, None
    for _ in range(_ROUNDS):
        pending, there = copy.pending()
        before = there if before is None else before
        for version in pending:
            size += copy.put(version)
            count += 1
            progress(version.size)
        copy.target.refresh()
        seen = copy.source.versions
        copy.source.refresh()
        if copy.source.versions == seen:
            break
    else:
        raise HoldfastError(
            f"{copy.source.address.url} is written again and again, without a lock",
            "Stop its writers, or name its lock (lock_table=..., use_lockfile=true) in the URL.",
        )
    copy.set_digest()
    verified = copy.verify(progress)
    return _outcome(copy, before or 0, count, size, verified)


def _copied(copy: _Copy) -> Copied:
    """Return what would be copied."""
    pending, there = copy.pending()
    return _outcome(copy, there, len(pending), sum(version.size for version in pending), 0)


def _outcome(copy: _Copy, before: int, count: int, size: int, verified: int) -> Copied:
    versions = len(copy.source.versions)
    return Copied(
        copy.source.address,
        copy.target.address,
        versions,
        before,
        count,
        0 if copy.whole else max(0, versions - before - count),
        size,
        verified,
    )
