"""What falls due with time: keys to delete for good, keys to rotate. Run by housekeeping."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.records import Alias, Key
from holdfast.server.kms.material import add_material
from holdfast.server.kms.rotation import next_rotation
from holdfast.server.operation import Site


def delete_due_keys(engine: Engine, now: datetime, limit: int = 100) -> int:
    """Delete keys whose deletion date has come, with their aliases; what they encrypted is lost.

    Args:
        engine: the store.
        now: aware, UTC.
        limit: at most so many keys in this call.

    Returns:
        How many keys were deleted.
    """

    def due(key: Key) -> bool:
        date = key.deletion_date
        return key.state == "PendingDeletion" and date is not None and date <= now

    def delete(tx: Writer, key: Key) -> None:
        names = [alias.name for alias in tx.scan(Alias) if alias.key_id == key.key_id]
        for name in names:
            tx.drop(Alias, name)
        tx.drop(Key, key.key_id)

    return _for_each(engine, due, delete, limit)


def rotate_due_keys(engine: Engine, site: Site, now: datetime, limit: int = 100) -> int:
    """Give new material to keys whose rotation date has come.

    A key that missed several dates rotates once. Disabled keys and those that wait for their
    deletion do not rotate.

    Args:
        engine: the store.
        site: whose vault and randomness to use.
        now: aware, UTC.
        limit: at most so many keys in this call.

    Returns:
        How many keys were rotated.
    """

    def due(key: Key) -> bool:
        date = next_rotation(key)
        return key.state == "Enabled" and date is not None and date <= now

    def rotate(tx: Writer, key: Key) -> None:
        tx.put(msgspec.structs.replace(add_material(site, key, now), rotation_since=now))

    return _for_each(engine, due, rotate, limit)


def _for_each(
    engine: Engine,
    due: Callable[[Key], bool],
    act: Callable[[Writer, Key], None],
    limit: int,
) -> int:
    """Act on every key that is due, each in a transaction of its own. Return their number."""

    def find(reader: Reader) -> list[str]:
        return [key.key_id for key in reader.scan(Key) if due(key)][:limit]

    def act_on(key_id: str) -> Callable[[Writer], bool]:
        def work(tx: Writer) -> bool:
            key = tx.get(Key, key_id)  # again: it may have changed since it was found
            if key is None or not due(key):
                return False
            act(tx, key)
            return True

        return work

    return sum(engine.update(act_on(key_id)) for key_id in engine.view(find))
