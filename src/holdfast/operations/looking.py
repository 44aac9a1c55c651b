"""Reading one state to look at it: the newest or a named version, also when its digest is wrong."""

from dataclasses import dataclass

from holdfast.client.backend import Backend
from holdfast.client.errors import DigestMismatch, NoSuchState
from holdfast.client.stored import StoredState
from holdfast.operations.choosing import version_named

_SETTLING = 4.0  # seconds in which the digest of a state that is just being written follows it


@dataclass(frozen=True)
class Looked:
    """A state, and what is wrong with it although it could be read."""

    stored: StoredState
    wrong: DigestMismatch | None = None


def look(backend: Backend, version: str | None = None) -> Looked:
    """Read the backend's state.

    Args:
        backend: with the address of the state.
        version: which one: `latest~1`, `serial:N`, `@TIME` or an id; the newest if None.

    Raises:
        NoSuchState: there is no such state or version.
        DigestMismatch: there is no state, and the lock table has a digest of one.
    """
    if version is not None:
        chosen = version_named(backend, version)
        return Looked(backend.read(version_id=chosen.version_id))
    try:
        return Looked(backend.read(settle=_SETTLING))
    except DigestMismatch as wrong:
        try:
            return Looked(backend.read(accept_mismatch=True), wrong)
        except NoSuchState:
            raise wrong from None
