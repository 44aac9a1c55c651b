"""Access keys: who holds one, and its secret.

A key is looked up for every request, so that one that was removed or switched off stops at once.
"""

import hashlib
import hmac
import re
from base64 import b32encode, b64encode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

import msgspec

from holdfast.aws.claims import Claims
from holdfast.aws.refusals import refusal
from holdfast.engine.access_records import AccessKey, Session, User
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

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"Identity({self.arn!r}, {self.user_id!r}, {self.access_key_id!r}, ...)"


def identify(reader: Reader, vault: Vault, account: str, claims: Claims, now: datetime) -> Identity:
    """Return who a request claims to be from. Its signature is still to be verified.

    Args:
        reader: a view of the records.
        vault: opens the secret.
        account: 12 digits.
        claims: what the request says.
        now: aware.

    Raises:
        ServiceError: the access key does not exist, is switched off or has expired, or the session
            token is missing, does not belong to it, or comes with a long-lived key.
        CorruptData: the secret was changed where it is kept.
    """
    temporary = claims.access_key_id.startswith("ASIA")
    session = reader.get(Session, claims.access_key_id) if temporary else None
    if session is not None:
        _check_session(session, claims, now)
        return _of_session(session, vault, account)
    identity = find(reader, vault, account, claims.access_key_id)
    if identity is None:
        raise refusal(claims.service, "unknown", AWSAccessKeyId=claims.access_key_id)
    if claims.security_token:
        raise refusal(claims.service, "bad-token")
    return identity


def find(reader: Reader, vault: Vault, account: str, access_key_id: str) -> Identity | None:
    """Return who holds a long-lived access key, or None if there is none that may be used."""
    key = reader.get(AccessKey, access_key_id)
    user = reader.get(User, key.user) if key and key.active else None
    if key is None or user is None:
        return None
    return _of_user(user, key, vault, account)


# Both are made of whole records: whatever changes in one of those, or in its secret, is another.
@lru_cache(maxsize=256)
def _of_user(user: User, key: AccessKey, vault: Vault, account: str) -> Identity:
    return Identity(
        arn=f"arn:aws:iam::{account}:user/{user.name}",
        user_id=user.user_id,
        access_key_id=key.access_key_id,
        secret=vault.unseal(key.secret, AccessKey.kind, key.access_key_id).decode(),
    )


def _check_session(session: Session, claims: Claims, now: datetime) -> None:
    service, token = claims.service, claims.security_token
    if not token:
        raise refusal(service, "unknown", AWSAccessKeyId=claims.access_key_id)
    digest = hashlib.sha256(token.encode()).digest()
    if not hmac.compare_digest(digest, session.token_sha256):
        raise refusal(service, "bad-token")
    if session.expires <= now:
        raise refusal(service, "expired")


@lru_cache(maxsize=256)
def _of_session(session: Session, vault: Vault, account: str) -> Identity:
    role = session.role_arn.rpartition("/")[2]
    return Identity(
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{session.session_name}",
        user_id=f"{session.role_id}:{session.session_name}",
        access_key_id=session.access_key_id,
        secret=vault.unseal(session.secret, Session.kind, session.access_key_id).decode(),
        session=session.session_name,
    )


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
