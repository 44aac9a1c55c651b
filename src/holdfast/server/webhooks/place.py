"""How far a receiver was told, kept so that a restart repeats little and leaves out nothing."""

import logging
from datetime import UTC, datetime

import msgspec

from holdfast.engine.port import Engine, Reader
from holdfast.engine.records import Setting
from holdfast.server.webhooks.receiver import Receiver

log = logging.getLogger("holdfast.webhooks")


class Place(msgspec.Struct, frozen=True):
    """How far a receiver was told."""

    number: int  # of the last entry that it was told of, or that was not for it
    locks: datetime = datetime(1970, 1, 1, tzinfo=UTC)  # until when locks were looked after


def kept_place(tx: Reader, receiver: Receiver) -> Place | None:
    """Return how far a receiver was told; None if that is not known."""
    setting = tx.get(Setting, receiver.setting)
    if setting is not None:
        try:
            return msgspec.json.decode(setting.value, type=Place)
        except msgspec.MsgspecError:
            log.warning("how far %s was told is lost; it goes on from here", receiver.host)
    return None


def keep_place(engine: Engine, receiver: Receiver, place: Place) -> None:
    """Write down how far a receiver was told; on disk with the next write of somebody else."""
    setting = Setting(name=receiver.setting, value=msgspec.json.encode(place))
    engine.update(lambda tx: tx.put(setting), durable=False)
