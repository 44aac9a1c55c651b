"""The access keys of a user."""

from holdfast.engine.access_records import AccessKey
from holdfast.engine.port import Reader
from holdfast.server.operation import Snapshot


def keys_of(tx: Snapshot | Reader, user: str) -> list[AccessKey]:
    """Return all keys of a user, in order of their ids."""
    return [key for key in tx.scan(AccessKey) if key.user == user]
