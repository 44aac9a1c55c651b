"""Telling the rules what an object has become."""

from typing import Any

from holdfast.engine.records import ObjectVersion
from holdfast.server.judging import ObjectChange
from holdfast.server.operation import Transaction


def changed(
    tx: Transaction,
    version: ObjectVersion | None,
    bucket: str,
    key: str,
    md5: str = "",
    facts: Any = None,
) -> None:
    """Tell the rules what a key's newest version is now.

    Args:
        tx: the transaction of the write.
        version: the newest; None or a delete marker: there is no object.
        bucket: where it is.
        key: its key.
        md5: of its bytes, hexadecimal; empty if not known.
        facts: as an inspector returned them; None if not known.
    """
    if version is None or version.delete_marker:
        tx.rules.object_changed(tx, ObjectChange(bucket, key, None))
        return
    tx.rules.object_changed(
        tx,
        ObjectChange(bucket, key, version.order, version.version_id, md5, facts, version.size),
    )
