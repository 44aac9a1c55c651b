"""The chain of a key's versions: the only place that links and unlinks them.

An `Object` points at the newest version and says where the version "null" is. Everything here keeps
the two kinds of records in step.
"""

from datetime import UTC, datetime

import msgspec

from holdfast.engine.bodies import unlink
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Bucket, Object, ObjectVersion
from holdfast.server.operation import Snapshot, Transaction
from holdfast.server.s3 import to_pack
from holdfast.server.s3.object_changes import changed
from holdfast.server.s3.version_ids import NULL, new_version_id, order_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000


def version_of(
    tx: Snapshot, bucket: str, key: str, version_id: str | None = None
) -> ObjectVersion | None:
    """Return a version by its id, or the newest; a delete marker is a version too.

    Raises:
        ServiceError: InvalidArgument, when no version can have this id.
        CorruptData: the newest version is not the one that the key points at.
    """
    if version_id is None:
        return _newest(tx, bucket, key)
    if version_id != NULL:
        found = tx.get(ObjectVersion, bucket, key, order_of(version_id))
        return found if found is not None and found.version_id == version_id else None
    known = tx.get(Object, bucket, key)
    if known is None or known.null_order is None:
        return None
    return tx.get(ObjectVersion, bucket, key, known.null_order)


def _newest(tx: Snapshot, bucket: str, key: str) -> ObjectVersion | None:
    # The pointer is not sealed: an older version must not be served because of it.
    known = tx.get(Object, bucket, key)
    newest = next(tx.scan(ObjectVersion, bucket, key, limit=1), None)
    if (newest and newest.order) != (known and known.order):
        raise CorruptData("the newest version of a key is not the one that it points at")
    return newest


def place(tx: Transaction, bucket: Bucket, newest: Object | None) -> tuple[int, str]:
    """Return the order and the id that a new version of a key gets now.

    The order is strictly newer than that of the newest so far, even if the clock went back.
    """
    since = tx.now - _EPOCH
    order = -((since.days * 86_400 + since.seconds) * _SECOND + since.microseconds)
    if newest is not None:
        order = min(order, newest.order - 1)
    if bucket.versioning == "Enabled":
        return order, new_version_id(order, tx.site.random)
    return order, NULL


def add(tx: Transaction, version: ObjectVersion, newest: Object | None) -> None:
    """Make a version, placed by `place`, the newest; a null version replaces the one before.

    Args:
        tx: the transaction of the write.
        version: the new one.
        newest: what points at the newest so far, as `place` was told.
    """
    null_order = replaced = newest.null_order if newest is not None else None
    if version.version_id == NULL:
        if replaced is not None:
            _drop(tx, tx.get(ObjectVersion, version.bucket, version.key, replaced))
        null_order = version.order
    if newest is not None and (version.version_id != NULL or newest.order != replaced):
        to_pack.note(tx, newest)
    tx.put(version)
    tx.put(pointer(version, null_order))


def delete(tx: Transaction, bucket: Bucket, key: str) -> ObjectVersion | None:
    """Delete a key as DELETE without a version id does; return the delete marker it left.

    With versioning, the newest version becomes a delete marker, also for a key that was never
    there. Without, the object goes and nothing is returned.
    """
    if not bucket.versioning:
        found = version_of(tx, bucket.name, key, NULL)
        if found is not None:
            remove(tx, found)
        return None
    newest = tx.get(Object, bucket.name, key)
    order, version_id = place(tx, bucket, newest)
    marker = ObjectVersion(
        bucket=bucket.name,
        key=key,
        order=order,
        version_id=version_id,
        delete_marker=True,
        last_modified=tx.now.replace(microsecond=0),
    )
    add(tx, marker, newest)
    changed(tx, None, bucket.name, key)
    return marker


def delete_version(tx: Transaction, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    """Delete one version for good and return it, or None if there is none.

    Raises:
        ServiceError: InvalidArgument, when no version can have this id.
    """
    found = version_of(tx, bucket, key, version_id)
    if found is not None:
        remove(tx, found)
    return found


def remove(tx: Transaction, version: ObjectVersion) -> None:
    """Take a version out of its chain; if it was the newest, the one before becomes that."""
    _drop(tx, version)
    bucket, key = version.bucket, version.key
    newest = tx.get(Object, bucket, key)
    if newest is None:
        return
    null_order = None if newest.null_order == version.order else newest.null_order
    if newest.order != version.order:
        if null_order != newest.null_order:
            tx.put(msgspec.structs.replace(newest, null_order=null_order))
        return
    before = next(tx.scan(ObjectVersion, bucket, key, limit=1), None)
    if before is None:
        tx.drop(Object, bucket, key)
    else:
        tx.put(pointer(before, null_order))
        to_pack.note(tx, before)  # the newest is to be whole
    changed(tx, before, bucket, key)


def _drop(tx: Transaction, version: ObjectVersion | None) -> None:
    if version is None:
        return
    to_pack.note_hanging_on(tx, version)
    for stored in version.stored:
        unlink(tx, stored, tx.now, alone=len(version.stored) == 1)
    tx.drop(ObjectVersion, version.bucket, version.key, version.order)


def pointer(version: ObjectVersion, null_order: int | None) -> Object:
    """Return what points at a key's newest version.

    Args:
        version: the newest.
        null_order: where the version with the id "null" is, if there is one.
    """
    return Object(
        bucket=version.bucket,
        key=version.key,
        order=version.order,
        null_order=null_order,
        version_id=version.version_id,
        delete_marker=version.delete_marker,
        size=version.size,
        etag=version.etag,
        last_modified=version.last_modified,
        storage_class=version.storage_class,
        checksum_algorithm=next(iter(version.checksums), ""),
        checksum_type=version.checksum_type,
    )
