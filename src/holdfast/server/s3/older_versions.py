"""Versions from before there was packing, and so without a note: found once, a few at a time."""

import logging
from datetime import datetime

import msgspec

from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.records import ObjectVersion, Packed, Setting
from holdfast.server.background import own_update
from holdfast.server.operation import Site, Transaction
from holdfast.server.s3.packer import suitable
from holdfast.server.s3.to_pack import note

log = logging.getLogger("holdfast.packer")

AT_ONCE = 64  # versions in one step: some milliseconds
PROGRESS = "packing.looked-up-to"
ALL = b""  # its value when all were looked at


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """The version that was looked at last."""

    bucket: str = ""
    key: str = ""
    order: int = 0


# Made here, not at its first use: msgspec crashes when two threads are the first with a Struct.
_PLACE = msgspec.msgpack.Decoder(_Place)


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
        own_update(self._engine, self._site, now, lambda tx: _note(tx, found))
        return found.looked

    def _look(self, tx: Reader) -> _Found | None:
        """Return what is next, or None if all were looked at."""
        progress = tx.get(Setting, PROGRESS)
        if progress is not None and progress.value == ALL:
            return None
        last = _PLACE.decode(progress.value) if progress is not None else _Place()
        seen = tuple(
            tx.scan(ObjectVersion, after=(last.bucket, last.key, last.order), limit=self._limit)
        )
        older = []
        for version in seen:
            # The newest of a key comes first, and stays whole.
            if (version.bucket, version.key) == (last.bucket, last.key) and _is_whole(tx, version):
                older.append(version)
            last = _Place(version.bucket, version.key, version.order)
        more = len(seen) == self._limit
        return _Found(len(seen), tuple(older), msgspec.msgpack.encode(last) if more else ALL)


def _is_whole(tx: Reader, version: ObjectVersion) -> bool:
    return suitable(version) and tx.get(Packed, version.stored[0].id) is None


def _note(tx: Transaction, found: _Found) -> None:
    for version in found.to_pack:
        note(tx, version)
    tx.put(Setting(name=PROGRESS, value=found.progress))
