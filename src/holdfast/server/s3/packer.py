"""The packer: turns versions that are no longer the newest into differences from their successors.

For each noted version it looks in a view, compresses and proves the result outside of any transaction,
and puts it in the place of the whole body in one short update, if all is still as it was.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import Body, micros
from holdfast.engine.packed_links import (
    Chain,
    can_carry,
    chain_below,
    chain_of,
    may_be_packed,
    replace_by_packed,
    replace_by_whole,
)
from holdfast.engine.port import CorruptData, Engine
from holdfast.engine.records import Chunk, Object, ObjectVersion, Packed, ToPack
from holdfast.server.background import own_update, own_view
from holdfast.server.operation import Site, Snapshot, Transaction
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.sealing import open_version, unwrap
from holdfast.server.s3.to_pack import note_again

log = logging.getLogger("holdfast.packer")

AT_ONCE = 64  # versions in one step: a fraction of a second
LATER = timedelta(hours=1)  # for a version that cannot be opened now


class _Stored(msgspec.Struct, frozen=True):
    """A version, what opens its body, and all that reading it takes."""

    version: ObjectVersion
    body: Body
    chain: Chain


class _Task(msgspec.Struct, frozen=True):
    """What is to be done with a version's body."""

    target: _Stored
    newest: bool  # it is to be whole
    base: _Stored | None  # otherwise: the body to hang it on; none: it is to stand by itself
    below: int


Put = Callable[[Transaction], None]


def pack_some(engine: Engine, site: Site, now: datetime, limit: int = AT_ONCE) -> int:
    """Pack some of the versions that are noted; return how many notes were dealt with.

    Run by one thread only: nobody else makes bodies hang on others.
    """
    noted = engine.view(lambda tx: tuple(tx.scan(ToPack, limit=limit)))
    due = [one for one in noted if one.at <= micros(now)]
    return sum(_deal_with(engine, site, now, one) for one in due)


def _deal_with(engine: Engine, site: Site, now: datetime, noted: ToPack) -> bool:
    """Pack one version; tell whether its note is gone."""
    try:
        task = own_view(engine, site, now, lambda tx: _task(tx, noted))
        put = _prepared(task, site) if task is not None else None
    except (ServiceError, CorruptData) as problem:
        # Its key is disabled, say. What is damaged is for `holdfast check` to tell.
        log.info("%s/%s cannot be packed now: %s", noted.bucket, noted.key, problem)
        own_update(engine, site, now, lambda tx: note_again(tx, noted, now + LATER), durable=False)
        return True
    # A power cut may take it back, the note too: then it is done again. So no request waits for a sync.
    return own_update(engine, site, now, lambda tx: _finish(tx, noted, task, put), durable=False)


def _task(tx: Snapshot, noted: ToPack) -> _Task | None:
    """Return what is to be done with a noted version, or None if nothing is.

    Raises:
        ServiceError: its KMS key cannot be used.
        CorruptData: it is not what was written.
    """
    version = tx.get(ObjectVersion, noted.bucket, noted.key, noted.order)
    if version is None or not suitable(version):
        return None
    target = _stored(tx, version)
    below = chain_below(tx, target.body.id)
    if _is_newest(tx, version):
        return _Task(target, True, None, below) if target.chain.packed else None
    base = _base(tx, version, below)
    if target.chain.packed:
        before = target.chain.packed[0]
        if before.base_id == (base.body.id if base is not None else b""):
            return None  # noted twice
    return _Task(target, False, base, below)


def _base(tx: Snapshot, version: ObjectVersion, below: int) -> _Stored | None:
    """Return the version's successor, if a difference from it is possible."""
    newer = tx.scan(
        ObjectVersion,
        version.bucket,
        version.key,
        after=(version.order,),
        reverse=True,
        limit=1,
    )
    successor = next(newer, None)
    if successor is None or not suitable(successor):
        return None
    if successor.encryption != version.encryption:
        return None  # who may open the one need not be allowed to open the other
    if not can_carry(tx, successor.stored[0].id, version.size, below):
        return None
    return _stored(tx, successor)


def suitable(version: ObjectVersion) -> bool:
    """Tell whether a version may be packed, and others hang on it."""
    return (
        len(version.stored) == 1
        and may_be_packed(version.size)
        and version.encryption.algorithm != CUSTOMER
    )


def _is_newest(tx: Snapshot, version: ObjectVersion) -> bool:
    known = tx.get(Object, version.bucket, version.key)
    return known is not None and known.order == version.order


def _stored(tx: Snapshot, version: ObjectVersion) -> _Stored:
    (envelope,) = open_version(tx.site.vault, version)
    body = unwrap(tx, version, version.stored[0], envelope, None)
    return _Stored(version, body, chain_of(tx, body.id))


def _prepared(task: _Task, site: Site) -> Put | None:
    """Return what puts a body in its new form, which is proven; None if it is to stay as it is.

    Raises:
        CorruptData: it, or what it is to hang on, is not what was written.
    """
    from holdfast.engine.packing import pack, unpack, whole  # loaded when there is something to do

    target = task.target
    plain = unpack(target.body, target.chain)
    base = None
    if task.base is not None:
        base = (task.base.body, unpack(task.base.body, task.base.chain))
    if not task.newest:
        packed = pack(target.body, plain, base, task.below, site.random)
        if packed is not None:
            return _putting_packed(packed, target.version.order)
    if not target.chain.packed:
        return None
    return _putting_whole(whole(target.body, plain))


def _putting_packed(packed: Packed, order: int) -> Put:
    return lambda tx: replace_by_packed(tx, packed, order)


def _putting_whole(chunks: tuple[Chunk, ...]) -> Put:
    return lambda tx: replace_by_whole(tx, chunks)


def _finish(tx: Transaction, noted: ToPack, task: _Task | None, put: Put | None) -> bool:
    """Put a body in its new form, if all is still as it was, and drop the note; tell whether it was.

    When something changed meanwhile, the next round looks again.
    """
    if task is not None and put is not None:
        if not _still(tx, task):
            return False
        put(tx)
    tx.drop(ToPack, noted.at, noted.bucket, noted.key, noted.order)
    return True


def _still(tx: Transaction, task: _Task) -> bool:
    version, base = task.target.version, task.base
    return (
        _is_there(tx, version)
        and _is_newest(tx, version) == task.newest
        and chain_below(tx, task.target.body.id) <= task.below
        and (
            base is None
            or (
                _is_there(tx, base.version)
                and can_carry(tx, base.body.id, version.size, task.below)
            )
        )
    )


def _is_there(tx: Transaction, version: ObjectVersion) -> bool:
    found = tx.get(ObjectVersion, version.bucket, version.key, version.order)
    return found is not None and found.stored == version.stored
