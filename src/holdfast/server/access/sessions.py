"""Sessions: temporary credentials of an assumed role, or of a user itself."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from holdfast.engine.access_records import Session
from holdfast.engine.port import Engine, Writer
from holdfast.engine.vault import Vault
from holdfast.server.access.credentials import new_id, new_secret

KEPT_AFTER_EXPIRY = timedelta(days=1)
_TOKEN_BYTES = 192
_AT_ONCE = 500  # sessions collected in one transaction


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a new session is, and what it may do; the fields are those of `Session`."""

    assumed_by: str  # ARN of the caller
    duration: timedelta
    role_arn: str = ""
    role_id: str = ""
    session_name: str = ""
    user: str = ""
    made_with: str = ""
    policy: str = ""
    tags: Mapping[str, str] = {}
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    issuer: str = ""


class Issued(msgspec.Struct, frozen=True):
    """A new session, with what is told only once."""

    session: Session
    secret: str
    token: str

    def __repr__(self) -> str:
        """Return it without the secrets."""
        return f"Issued({self.session!r}, ...)"


def issue(
    tx: Writer, vault: Vault, random: Callable[[int], bytes], now: datetime, terms: Terms
) -> Issued:
    """Begin a session and keep it.

    Args:
        tx: a transaction.
        vault: seals the secret.
        random: gives so many random bytes.
        now: aware.
        terms: whose it is, and what it may do.
    """
    access_key_id = new_id("ASIA", random)
    secret = new_secret(random)
    token = b64encode(random(_TOKEN_BYTES)).decode()
    session = Session(
        access_key_id=access_key_id,
        secret=vault.seal(secret.encode(), Session.kind, access_key_id),
        token_sha256=hashlib.sha256(token.encode()).digest(),
        role_arn=terms.role_arn,
        role_id=terms.role_id,
        session_name=terms.session_name,
        assumed_by=terms.assumed_by,
        created=now,
        expires=now + terms.duration,
        user=terms.user,
        made_with=terms.made_with,
        policy=terms.policy,
        tags=dict(terms.tags),
        transitive=terms.transitive,
        source_identity=terms.source_identity,
        issuer=terms.issuer,
    )
    tx.put(session)
    return Issued(session, secret, token)


def collect_sessions(engine: Engine, now: datetime) -> int:
    """Drop sessions that expired more than a day ago, at most 500; return how many.

    Until then an expired token is answered as expired rather than as unknown.
    """
    before = now - KEPT_AFTER_EXPIRY
    old = engine.view(
        lambda tx: [s.access_key_id for s in tx.scan(Session) if s.expires < before][:_AT_ONCE]
    )

    def work(tx: Writer) -> None:
        for access_key_id in old:
            tx.drop(Session, access_key_id)

    if old:
        engine.update(work)
    return len(old)
