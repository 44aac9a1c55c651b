"""What is to be packed: noted in the transaction that gives cause, carried out by the packer."""

from datetime import datetime

from holdfast.engine.bodies import micros
from holdfast.engine.packed_links import hanging_on, may_be_packed
from holdfast.engine.records import Object, ObjectVersion, ToPack
from holdfast.server.operation import Transaction


def note(tx: Transaction, version: Object | ObjectVersion) -> None:
    """Note a version that is no longer the newest, or is again; one too short or long is not."""
    if may_be_packed(version.size):
        _note(tx, version.bucket, version.key, version.order)


def note_in_order(tx: Transaction, version: ObjectVersion) -> None:
    """Note a version that was superseded earlier, behind the older ones and before the newer ones."""
    made = -version.order  # microseconds since the epoch
    at = min(made, micros(tx.now))
    tx.put(ToPack(at=at, bucket=version.bucket, key=version.key, order=version.order))


def note_hanging_on(tx: Transaction, version: ObjectVersion) -> None:
    """Note the versions whose bodies are differences from that of one that goes for good."""
    if len(version.stored) == 1 and may_be_packed(version.size):
        for one in hanging_on(tx, version.stored[0].id):
            _note(tx, version.bucket, version.key, one.order)


def note_again(tx: Transaction, noted: ToPack, at: datetime) -> None:
    """Note a version for a later time instead of now."""
    tx.drop(ToPack, noted.at, noted.bucket, noted.key, noted.order)
    tx.put(ToPack(at=micros(at), bucket=noted.bucket, key=noted.key, order=noted.order))


def _note(tx: Transaction, bucket: str, key: str, order: int) -> None:
    tx.put(ToPack(at=micros(tx.now), bucket=bucket, key=key, order=order))
