"""Users and their long-lived access keys."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from holdfast.engine.access_records import AccessKey, User
from holdfast.engine.port import Writer
from holdfast.engine.vault import Vault
from holdfast.server.access.credentials import (
    new_id,
    new_secret,
    seal_secret,
    valid_access_key_id,
)

ADMINISTRATOR = "administrator"
SHORTEST_SECRET = 16  # characters


class NewKey(msgspec.Struct, frozen=True):
    """An access key whose secret is about to be shown to its holder."""

    access_key_id: str
    secret: str

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"NewKey({self.access_key_id!r}, ...)"


def create_user(tx: Writer, name: str, now: datetime, random: Callable[[int], bytes]) -> User:
    """Return the user with this name; made if there is none.

    Args:
        tx: a transaction.
        name: the user's name.
        now: aware.
        random: gives so many random bytes.
    """
    user = tx.get(User, name)
    if user is None:
        user = User(name=name, user_id=new_id("AIDA", random, 17), created=now)
        tx.put(user)
    return user


def create_access_key(
    tx: Writer,
    vault: Vault,
    user: str,
    now: datetime,
    random: Callable[[int], bytes],
    given: NewKey | None = None,
) -> NewKey:
    """Keep an access key for a user and return it.

    A given id that exists already gets the given secret, so that a configured key can be changed.

    Args:
        tx: a transaction.
        vault: seals the secret.
        user: the user's name.
        now: aware.
        random: gives so many random bytes.
        given: the key to keep; a new one is generated if None.

    Raises:
        ValueError: the given id or secret has not the form of one, or the id is another user's.
    """
    key = given or NewKey(new_id("AKIA", random), new_secret(random))
    _check(key)
    known = tx.get(AccessKey, key.access_key_id)
    if known is not None and known.user != user:
        raise ValueError(f"the access key {key.access_key_id} belongs to another user")
    tx.put(
        AccessKey(
            access_key_id=key.access_key_id,
            user=user,
            secret=seal_secret(vault, key.access_key_id, key.secret),
            created=known.created if known else now,
        )
    )
    return key


def _check(key: NewKey) -> None:
    if not valid_access_key_id(key.access_key_id):
        raise ValueError("an access key id has 16 to 128 letters, digits and underscores")
    if len(key.secret) < SHORTEST_SECRET or not key.secret.isascii() or " " in key.secret:
        raise ValueError(
            f"a secret access key has at least {SHORTEST_SECRET} ASCII characters and no spaces"
        )
