"""All states of a bucket: serial, resources, size, last change, lock and health of each.

One listing, one scan of the lock table, and a read of each state that changed since the last time.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.client.digests import Digests
from holdfast.client.errors import AccessDenied, ServiceFailed
from holdfast.client.listing import STATE_SUFFIX
from holdfast.client.lock_places import Kept
from holdfast.client.locking import Held, held_of
from holdfast.operations.fact_cache import FactCache, Facts, cache_of
from holdfast.operations.fetching import (
    Body,
    OnProgress,
    Reader,
    StoredObject,
    in_parallel,
    list_objects,
    not_for_us,
    read_object,
)
from holdfast.operations.locks import table_items
from holdfast.terraform import digest
from holdfast.terraform.address import DIGEST_SUFFIX, LOCK_FILE_SUFFIX, StateAddress, address_of
from holdfast.terraform.digest import Verdict
from holdfast.terraform.statefile import UnreadableState, header

if TYPE_CHECKING:
    from holdfast.client.connect import Connection

_SNIFFED = 2**20  # bytes; of larger objects that may be no states, the beginning is read first
_WRITING = 1.5  # seconds in which a writer that has put a state puts its digest too
_CLOCKS = 300.0  # seconds by which the clock here may differ from the bucket's


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a state: a stable id, and a sentence without a full stop."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One state of a catalog. It may have no object: only a lock, or a digest that was left."""

    address: StateAddress
    stored: StoredObject | None
    facts: Facts | None
    digest: Verdict | None = None  # None if there is no lock table, or it could not be read
    locks: tuple[Held, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with it. A lock is nothing wrong."""
        return not self.problems

    @property
    def modified(self) -> datetime | None:
        """When it was last written."""
        return self.stored.modified if self.stored else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """The states of a bucket, in the order of key and workspace."""

    bucket: str
    entries: tuple[Entry, ...]
    others: int = 0  # objects that are no states
    unread: tuple[str, ...] = ()  # what could not be looked at, and why
    read: int = 0  # how many states were read, not taken from the cache


@dataclass(frozen=True, slots=True)
class _Table:
    """What the lock table says of the bucket, by the keys of the states."""

    locks: dict[str, Kept] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # MD5s as they are stored


def survey(
    connection: "Connection",
    prefix: str = "",
    *,
    cache: FactCache | None = None,
    progress: OnProgress | None = None,
) -> Catalog:
    """Look at every state of the connection's bucket.

    Args:
        connection: to the bucket, and the lock table if the settings name one.
        prefix: only states whose key begins with it, in any workspace.
        cache: what is known from before; the user's own cache if None.
        progress: told how many of the states that have to be read are.

    Raises:
        HoldfastError: the bucket or a state cannot be read, or the table for another reason than a
            missing permission.
    """
    cache = cache or cache_of(connection)
    table, unread = _scan(connection)
    hidden: list[str] = []
    objects = {each.key: each for each in listed(connection, prefix, hidden)}
    lock_files = [objects.pop(key) for key in list(objects) if key.endswith(LOCK_FILE_SUFFIX)]
    known = cache.load()
    facts = {
        key: known[key]
        for key, stored in objects.items()
        if key in known and (known[key].etag, known[key].size) == (stored.etag, stored.size)
    }
    wanted = [stored for key, stored in objects.items() if key not in facts]
    for stored, found in _read_all(connection, wanted, table, progress):
        facts[stored.key] = found
        objects[stored.key] = stored
    if facts != known:
        outside = {key: each for key, each in known.items() if not _below(connection, key, prefix)}
        cache.save(outside | facts)
    locks = _locks(connection, lock_files, table, prefix)
    entries = _entries(connection, objects, facts, table, locks, prefix)
    others = sum(each.other for each in facts.values())
    unread = (*unread, *hidden)
    return Catalog(connection.settings.bucket, entries, others, unread, len(wanted))


def listed(connection: "Connection", prefix: str, hidden: list[str]) -> Iterator[StoredObject]:
    """Yield the objects whose key, apart from the workspace, begins with a prefix.

    Args:
        connection: to the bucket.
        prefix: of the keys.
        hidden: is told if the workspaces may not be listed, as by those who may read one folder.

    Raises:
        HoldfastError: the bucket cannot be listed.
    """
    yield from list_objects(connection, prefix)
    workspaces = f"{connection.settings.workspace_key_prefix}/"
    if not prefix or workspaces == "/" or prefix.startswith(workspaces):
        return
    try:
        for each in list_objects(connection, workspaces):
            if _below(connection, each.key, prefix):
                yield each
    except AccessDenied as denied:
        hidden.append(f"workspaces are not known: {denied.happened}")


def _below(connection: "Connection", key: str, prefix: str) -> bool:
    return key.startswith(prefix) or _address(connection, key).key.startswith(prefix)


def _address(connection: "Connection", key: str) -> StateAddress:
    settings = connection.settings
    return address_of(settings.bucket, key, settings.workspace_key_prefix)


def _scan(connection: "Connection") -> tuple[_Table | None, tuple[str, ...]]:
    """Return the lock table's content, or why it is not known."""
    if not connection.settings.dynamodb_table:
        return None, ()
    start, found = f"{connection.settings.bucket}/", _Table()
    try:
        for item in table_items(connection):
            key = item.lock_id.removeprefix(start)
            if not item.lock_id.startswith(start):
                continue
            if item.is_digest:
                found.digests[key.removesuffix(DIGEST_SUFFIX)] = item.digest or ""
            else:
                found.locks[key] = item.kept
    except AccessDenied as denied:
        return None, (f"locks and digests in the table are not known: {denied.happened}",)
    return found, ()


def _read_all(
    connection: "Connection",
    wanted: list[StoredObject],
    table: _Table | None,
    progress: OnProgress | None,
) -> Iterator[tuple[StoredObject, Facts]]:
    reader = Reader(connection)

    def read(stored: StoredObject) -> tuple[StoredObject, Facts] | None:
        claims = stored.key.endswith(STATE_SUFFIX) or (
            table is not None and stored.key in table.digests
        )
        try:
            if not claims and stored.size > _SNIFFED:
                start = read_object(connection, stored.key, first=512)
                if start is None or not start.content.lstrip().startswith(b"{"):
                    return stored, Facts(stored.etag, stored.size, other=True)
            return reader.work_on(stored, lambda body: (body.stored, facts_of(body, claims=claims)))
        except ServiceFailed as problem:
            why = not_for_us(problem)
            if not why:
                raise
            return stored, Facts(stored.etag, stored.size, unreadable=why, other=not claims)

    for found in in_parallel(read, wanted, total=len(wanted), progress=progress):
        if found is not None:
            yield found


def facts_of(body: Body, *, claims: bool = True) -> Facts:
    """Return what the catalog keeps of a state.

    Args:
        body: the object.
        claims: whether its name, or a digest of it, says that it is a state.
    """
    etag, size = body.stored.etag, body.stored.size
    md5 = digest.digest_of(body.content)
    try:
        found = header(body.content)
    except UnreadableState as bad:
        if not claims:
            return Facts(etag, size, other=True)
        return Facts(etag, size, md5, unreadable=bad.reason)
    if found.format == "empty" and not claims:
        return Facts(etag, size, other=True)
    return Facts(
        etag=etag,
        size=size,
        md5=md5,
        format=found.format,
        terraform_version=found.terraform_version,
        serial=found.serial,
        lineage=found.lineage,
        resources=found.resources,
        outputs=found.outputs,
    )


def _locks(
    connection: "Connection",
    lock_files: list[StoredObject],
    table: _Table | None,
    prefix: str,
) -> dict[str, tuple[Held, ...]]:
    """Return the locks that are held, by the key of the state."""
    found: dict[str, tuple[Held, ...]] = {}
    bodies = in_parallel(lambda stored: read_object(connection, stored.key), lock_files)
    for body in bodies:
        if body is not None:
            key = body.stored.key.removesuffix(LOCK_FILE_SUFFIX)
            kept = Kept(body.content.decode(errors="replace"), f'"{body.stored.etag}"')
            found[key] = (held_of(_address(connection, key), "file", kept),)
    for key, kept in (table.locks if table else {}).items():
        if _below(connection, key, prefix):
            held = held_of(_address(connection, key), "table", kept)
            found[key] = (*found.get(key, ()), held)
    return found


def _entries(
    connection: "Connection",
    objects: dict[str, StoredObject],
    facts: dict[str, Facts],
    table: _Table | None,
    locks: dict[str, tuple[Held, ...]],
    prefix: str,
) -> tuple[Entry, ...]:
    digests = table.digests if table else {}
    keys = {key for key, each in facts.items() if not each.other} | set(locks)
    keys |= {key for key in digests if _below(connection, key, prefix)}
    entries = [
        Entry(
            _address(connection, key),
            objects.get(key) if key in facts else None,
            facts.get(key),
            _verdict(facts.get(key), digests.get(key)) if table else None,
            locks.get(key, ()),
        )
        for key in keys
    ]
    doubtful = [each for each in entries if _doubtful(each)]
    if doubtful:  # a writer may have been between its two steps when we looked
        time.sleep(_WRITING)
        again = in_parallel(lambda entry: _again(connection, entry), doubtful)
        settled = {each.address: each for each in again if each is not None}
        gone = {each.address for each in doubtful} - set(settled)
        entries = [settled.get(each.address, each) for each in entries if each.address not in gone]
    entries.sort(key=lambda each: (each.address.key, each.address.workspace))
    return tuple(replace(each, problems=tuple(_problems(each))) for each in entries)


def _doubtful(entry: Entry) -> bool:
    """Whether a wrong digest may be one of a writer that is at work."""
    if entry.digest is Verdict.DIFFERS and entry.modified is not None:
        return entry.modified.timestamp() > time.time() - _CLOCKS
    return entry.digest in {Verdict.DIFFERS, Verdict.ORPHAN}


def _verdict(facts: Facts | None, stored: str | None) -> Verdict:
    # No digest fits an object without bytes.
    if facts and facts.format != "empty" and stored and facts.md5 == stored.lower():
        return Verdict.MATCHES
    # Of what differs it is only asked whether there is an object.
    return digest.judge(None if facts is None else b"\0", stored)


def _again(connection: "Connection", entry: Entry) -> Entry | None:
    """Look once more at a state whose digest seemed wrong; None if nothing of it is left."""
    key = entry.address.object_key
    stored_digest = Digests(connection).read(entry.address)
    body = read_object(connection, key)
    if body is None:
        if not stored_digest and not entry.locks:
            return None
        return replace(entry, stored=None, facts=None, digest=digest.judge(None, stored_digest))
    facts = facts_of(body)
    return replace(entry, stored=body.stored, facts=facts, digest=_verdict(facts, stored_digest))


def _problems(entry: Entry) -> Iterator[Problem]:
    facts = entry.facts
    if facts and facts.unreadable:
        yield Problem("unreadable", f"it cannot be read: {facts.unreadable}")
    if facts and facts.format == "empty":
        yield Problem("no-bytes", "the object has no bytes")
    if entry.digest is Verdict.DIFFERS:
        yield Problem("digest-differs", "the digest in the lock table is of other content")
    if entry.digest is Verdict.ORPHAN:
        yield Problem("digest-orphan", "there is a digest in the lock table, and no state")
    if entry.digest is Verdict.UNREADABLE:
        yield Problem("digest-unreadable", "the digest in the lock table is not an MD5")
    if any(each.unreadable for each in entry.locks):
        yield Problem("lock-unreadable", "the lock's document cannot be read")
    elif len({each.info.id for each in entry.locks}) > 1:
        yield Problem("locks-disagree", "the lock file and the lock table name different locks")
