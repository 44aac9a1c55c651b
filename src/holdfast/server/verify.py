"""Verifying what is stored, above the structure of the database: does everything open, and fit?

Runs beside a server: long work is done in many views, so that nothing is held up.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.progress import Progress
from holdfast.engine.records import (
    AccessKey,
    Item,
    Key,
    Object,
    ObjectVersion,
    Part,
    Record,
    Session,
    Table,
)
from holdfast.engine.verify import stray_bodies
from holdfast.server.background import own_view
from holdfast.server.dynamodb.data_keys import open_data_key
from holdfast.server.dynamodb.storage import OpenTable
from holdfast.server.kms.material import open_material
from holdfast.server.operation import Site, Snapshot
from holdfast.server.s3.sealing import open_part
from holdfast.server.s3.verify import verify_version

R = TypeVar("R", bound=Record)

_PAGE = 256  # records in one view


def verify(engine: Engine, site: Site, now: datetime, progress: Progress) -> Iterator[str]:
    """Yield a sentence for each thing that is not what was written; nothing if all is.

    Args:
        engine: open for reading.
        site: with the vault of this data.
        now: for the context of the views.
        progress: in bytes of bodies.
    """
    stages = (
        lambda: _secrets(engine, site),
        lambda: _items(engine, site, now),
        lambda: _versions(engine, site, now, progress),
        lambda: _parts(engine, site),
        lambda: engine.view(lambda tx: list(_newest(tx))),
        lambda: engine.view(lambda tx: list(_strays(tx))),
    )
    for stage in stages:
        try:
            yield from stage()
        except CorruptData as error:
            yield f"{error}"


def _walk(engine: Engine, kind: type[R], *prefix: object) -> Iterator[R]:
    after: tuple[object, ...] = ()
    while True:
        page = engine.view(_page(kind, prefix, after))
        yield from page
        if len(page) < _PAGE:
            return
        after = tuple(getattr(page[-1], name) for name in kind.key_fields[len(prefix) :])


def _page(
    kind: type[R], prefix: tuple[object, ...], after: tuple[object, ...]
) -> Callable[[Reader], list[R]]:
    return lambda tx: list(tx.scan(kind, *prefix, after=after, limit=_PAGE))


def _secrets(engine: Engine, site: Site) -> Iterator[str]:
    for key in _walk(engine, Key):
        for generation in range(len(key.materials)):
            try:
                open_material(site, key, generation)
            except CorruptData as error:
                yield f"KMS key {key.key_id}, generation {generation}: {error}"
    held: AccessKey | Session
    for held in itertools.chain[AccessKey | Session](
        _walk(engine, AccessKey), _walk(engine, Session)
    ):
        try:
            site.vault.unseal(held.secret, held.kind, held.access_key_id)
        except CorruptData as error:
            yield f"access key {held.access_key_id}: {error}"


def _items(engine: Engine, site: Site, now: datetime) -> Iterator[str]:
    for table in _walk(engine, Table):
        try:
            key = own_view(engine, site, now, _opening(table))
        except CorruptData as error:
            yield f"table {table.name}: {error}"
            continue
        if key is None:
            continue
        opened = OpenTable(table, key)
        for item in _walk(engine, Item, table.table_id):
            try:
                opened.attributes(item)
            except CorruptData as error:
                yield f"table {table.name}, item {item.hash.hex()} {item.range.hex()}: {error}"


def _opening(table: Table) -> Callable[[Snapshot], bytes | None]:
    def opened(tx: Snapshot) -> bytes | None:
        try:
            return open_data_key(tx, table)
        except ServiceError:
            return None  # its KMS key cannot be used; that is its owner's will, not damage

    return opened


def _versions(engine: Engine, site: Site, now: datetime, progress: Progress) -> Iterator[str]:
    total = sum(version.size for version in _walk(engine, ObjectVersion))
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    for version in _walk(engine, ObjectVersion):
        for problem in own_view(engine, site, now, _verifying(version, read)):
            yield f"{version.bucket}/{version.key}, version {version.version_id}: {problem}"


def _verifying(
    version: ObjectVersion, read: Callable[[int], None]
) -> Callable[[Snapshot], list[str]]:
    def work(tx: Snapshot) -> list[str]:
        # It may have gone, or have been replaced, since it was listed.
        current = tx.get(ObjectVersion, version.bucket, version.key, version.order)
        return [] if current is None else verify_version(tx, current, read)

    return work


def _parts(engine: Engine, site: Site) -> Iterator[str]:
    for part in _walk(engine, Part):
        try:
            open_part(site.vault, part)
        except CorruptData as error:
            yield f"part {part.number} of upload {part.upload_id}: {error}"


def _newest(tx: Reader) -> Iterator[str]:
    for listed in tx.scan(Object):
        version = tx.get(ObjectVersion, listed.bucket, listed.key, listed.order)
        if version is None or (version.version_id, version.etag) != (
            listed.version_id,
            listed.etag,
        ):
            yield f"{listed.bucket}/{listed.key}: its newest version is not the one that is listed"


def _strays(tx: Reader) -> Iterator[str]:
    linked = {body.id for version in tx.scan(ObjectVersion) for body in version.stored}
    linked |= {part.stored.id for part in tx.scan(Part)}
    for body_id in stray_bodies(tx, linked):
        yield f"body {body_id.hex()} is stored, and nothing refers to it"
