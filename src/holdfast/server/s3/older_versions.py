"""Versions from before there was packing, and so without a note: found once, a few at a time."""

import logging
from datetime import datetime

import msgspec

from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.records import Object, ObjectVersion, Packed, Setting
from holdfast.server.background import own_update
from holdfast.server.operation import Site, Transaction
from holdfast.server.s3.packer import suitable
from holdfast.server.s3.to_pack import note_in_order

log = logging.getLogger("holdfast.packer")

AT_ONCE = 64  # versions in one step: some milliseconds
PROGRESS = "packing.looked-up-to"
ALL = b""  # its value when all were looked at


# Of the version that was looked at last: bucket, key, order.
_PLACE = msgspec.msgpack.Decoder(tuple[str, str, int])


class _Found(msgspec.Struct, frozen=True):
    """What a look at the next versions found."""

    looked: int
    to_pack: tuple[ObjectVersion, ...]
    progress: bytes


class OlderVersions:
    """A step that notes them, and keeps in the store how far it came. Call it with the time."""

    def __init__(self, engine: Engine, site: Site, limit: int = AT_ONCE) -> None:
        """Prepare to look at up to `limit` versions in one step."""
        self._engine = engine
        self._site = site
        self._limit = limit
        self._done = False

    def __call__(self, now: datetime) -> int:
        """Look at some versions; return how many, 0 when there are no more."""
        if self._done:
            return 0
        try:
            found = self._engine.view(self._look)
        except CorruptData as problem:
            # For `holdfast check` to tell; the next start tries again.
            log.info("older versions are not looked for now: %s", problem)
            found = None
        if found is None:
            self._done = True
            return 0
        own_update(self._engine, self._site, now, lambda tx: _note(tx, found), durable=False)
        return found.looked

    def _look(self, tx: Reader) -> _Found | None:
        """Return what is next, or None if all were looked at."""
        progress = tx.get(Setting, PROGRESS)
        if progress is not None and progress.value == ALL:
            return None
        after = () if progress is None else _PLACE.decode(progress.value)
        # From the end, for so the oldest version of a key comes first: what hangs on a version is
        # to be known when that is packed, else chains stay short.
        seen = tuple(tx.scan(ObjectVersion, after=after, limit=self._limit, reverse=True))
        older = tuple(version for version in seen if _is_to_be_packed(tx, version))
        if len(seen) < self._limit:
            return _Found(len(seen), older, ALL)
        last = seen[-1]
        place = msgspec.msgpack.encode((last.bucket, last.key, last.order))
        return _Found(len(seen), older, place)


def _is_to_be_packed(tx: Reader, version: ObjectVersion) -> bool:
    if not suitable(version) or tx.get(Packed, version.stored[0].id) is not None:
        return False
    known = tx.get(Object, version.bucket, version.key)
    return known is None or known.order != version.order


def _note(tx: Transaction, found: _Found) -> None:
    for version in found.to_pack:
        note_in_order(tx, version)
    tx.put(Setting(name=PROGRESS, value=found.progress))
