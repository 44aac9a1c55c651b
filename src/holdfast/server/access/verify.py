"""Verifying access keys: every secret opens, and every key has its user."""

from collections.abc import Iterator

from holdfast.engine.access_records import AccessKey, Session, User
from holdfast.engine.port import CorruptData, Engine
from holdfast.engine.vault import Vault
from holdfast.engine.verify import getting, walk
from holdfast.server.problem import Problem

_SESSION = "Whoever uses it assumes the role again and gets another one."


def verify_access(engine: Engine, vault: Vault) -> Iterator[Problem]:
    """Yield what is wrong with access keys and sessions.

    Args:
        engine: open for reading.
        vault: of this data.
    """
    for key in walk(engine, AccessKey):
        what = _secret(vault, key)
        if what:
            yield Problem(f"access key {key.access_key_id}", what)
        if engine.view(getting(User, key.user)) is None:
            yield Problem(
                f"access key {key.access_key_id}", f"the user {key.user} that has it is gone"
            )
    for session in walk(engine, Session):
        what = _secret(vault, session)
        if what:
            yield Problem(f"session key {session.access_key_id}", what, _SESSION)


def _secret(vault: Vault, record: AccessKey | Session) -> str:
    try:
        vault.unseal(record.secret, record.kind, record.access_key_id)
    except CorruptData as error:
        return f"its secret: {error}"
    return ""
