"""Access keys: who holds one, and its secret.

A key is looked up for every request, so that one that was removed or switched off stops at once.
"""

import hashlib
import hmac
import re
from base64 import b32encode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from holdfast.aws.claims import Claims
from holdfast.aws.refusals import refusal
from holdfast.engine.access_records import AccessKey, Role, Session, User
from holdfast.engine.port import Reader
from holdfast.engine.vault import Vault

_ACCESS_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)


class Identity(msgspec.Struct, frozen=True):
    """Who holds an access key, and the secret that proves it."""

    arn: str
    user_id: str  # AIDA..., or AROA...:session
    access_key_id: str
    secret: str
    session: str = ""  # the session name of an assumed role
    user: str = ""  # the user's name, if it is one: by a key or by a session of its own
    role: str = ""  # the role's name, if it is a session of one
    expired: bool = False  # a session past its end: it may only finish what it holds a lock for

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"Identity({self.arn!r}, {self.user_id!r}, {self.access_key_id!r}, ...)"


ANONYMOUS = Identity(arn="", user_id="", access_key_id="", secret="")


def identify(
    reader: Reader,
    vault: Vault,
    account: str,
    claims: Claims,
    now: datetime,
    grace: float = 0.0,
) -> Identity:
    """Return who a request claims to be from. Its signature is still to be verified.

    Args:
        reader: a view of the records.
        vault: opens the secret.
        account: 12 digits.
        claims: what the request says.
        now: aware.
        grace: seconds after its end for which a session is identified, as one that has expired.

    Raises:
        ServiceError: the access key does not exist, is switched off or has expired, or the session
            token is missing, does not belong to it, or comes with a long-lived key, or what the
            session is of is gone.
        CorruptData: the secret was changed where it is kept.
    """
    if not claims.access_key_id:  # no claims of a signature are without one: see `unsigned`
        return ANONYMOUS
    temporary = claims.access_key_id.startswith("ASIA")
    session = reader.get(Session, claims.access_key_id) if temporary else None
    if session is not None:
        _check_session(session, claims, now - timedelta(seconds=grace))
        identity = _in_session(reader, session, vault, account, claims, now)
        return identity if session.expires > now else replace(identity, expired=True)
    holder = find(reader, vault, account, claims.access_key_id, now)
    if holder is None:
        raise refusal(claims.service, "unknown", AWSAccessKeyId=claims.access_key_id)
    if claims.security_token:
        raise refusal(claims.service, "bad-token")
    return holder


def find(
    reader: Reader, vault: Vault, account: str, access_key_id: str, now: datetime
) -> Identity | None:
    """Return who holds a long-lived access key, or None if there is none that may be used."""
    key = reader.get(AccessKey, access_key_id)
    if key is None or not key.active or (key.expires is not None and key.expires <= now):
        return None
    user = reader.get(User, key.user)
    if user is None:
        return None
    name, path = user.name, user.path
    return _of_user(name, path, user.user_id, access_key_id, key.secret, vault, account)


# What is kept is found by all that it is made of: whatever changes in a record gives another.
@lru_cache(maxsize=256)
def _of_user(
    name: str,
    path: str,
    user_id: str,
    access_key_id: str,
    sealed: bytes,
    vault: Vault,
    account: str,
) -> Identity:
    return Identity(
        arn=f"arn:aws:iam::{account}:user{path}{name}",
        user_id=user_id,
        access_key_id=access_key_id,
        secret=vault.unseal(sealed, AccessKey.kind, access_key_id).decode(),
        user=name,
    )


def _check_session(session: Session, claims: Claims, ended_by: datetime) -> None:
    service, token = claims.service, claims.security_token
    if not token:
        raise refusal(service, "unknown", AWSAccessKeyId=claims.access_key_id)
    digest = hashlib.sha256(token.encode()).digest()
    if not hmac.compare_digest(digest, session.token_sha256):
        raise refusal(service, "bad-token")
    if session.expires <= ended_by:
        raise refusal(service, "expired")


def _in_session(
    reader: Reader, session: Session, vault: Vault, account: str, claims: Claims, now: datetime
) -> Identity:
    """Return who a session is of. It ends with its role, and with the key that it was made with."""
    key, sealed = session.access_key_id, session.secret
    made_with = session.made_with
    holder = find(reader, vault, account, made_with, now) if made_with else None
    if session.user:
        if holder is not None and holder.user == session.user:
            return _of_user_session(holder, key, sealed, vault)
    elif holder is not None or not made_with:  # a web identity has no key
        role = reader.get(Role, session.role_arn.rpartition("/")[2])
        if role is not None and role.role_id == session.role_id:
            name, role_id = session.session_name, role.role_id
            return _of_session(role.name, role_id, name, key, sealed, vault, account)
    raise refusal(claims.service, "unknown", AWSAccessKeyId=claims.access_key_id)


@lru_cache(maxsize=256)
def _of_session(
    role: str, role_id: str, name: str, key: str, sealed: bytes, vault: Vault, account: str
) -> Identity:
    return Identity(
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        user_id=f"{role_id}:{name}",
        access_key_id=key,
        secret=vault.unseal(sealed, Session.kind, key).decode(),
        session=name,
        role=role,
    )


@lru_cache(maxsize=256)
def _of_user_session(holder: Identity, key: str, sealed: bytes, vault: Vault) -> Identity:
    secret = vault.unseal(sealed, Session.kind, key).decode()
    return replace(holder, access_key_id=key, secret=secret)


def seal_secret(vault: Vault, access_key_id: str, secret: str) -> bytes:
    """Return the secret of a long-lived access key as its record keeps it."""
    return vault.seal(secret.encode(), AccessKey.kind, access_key_id)


def new_id(prefix: str, random: Callable[[int], bytes], length: int = 16) -> str:
    """Return an identifier in AWS's form: the prefix and random upper-case base32 characters."""
    return prefix + b32encode(random(15)).decode()[:length]


def new_secret(random: Callable[[int], bytes]) -> str:
    """Return a secret access key: 40 characters, 240 random bits."""
    return b64encode(random(30)).decode()


def valid_access_key_id(text: str) -> bool:
    """Tell whether a text can be an access key id: 16 to 128 letters, digits and underscores."""
    return _ACCESS_KEY_ID.fullmatch(text) is not None
