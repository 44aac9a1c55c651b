"""Who holds an access key, and every reason not to be known."""

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from holdfast.aws.claims import Claims
from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey, Role, Session, User
from holdfast.engine.port import CorruptData, Engine, Writer
from holdfast.engine.vault import Vault
from holdfast.server.access.credentials import Identity, find, identify, new_id, new_secret
from holdfast.server.access.sessions import Issued, Terms, issue
from holdfast.server.access.users import NewKey, create_access_key, create_user

ACCOUNT = "123456789012"
ROLE_ID = "AROA0000000000000001"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = NewKey("AKIA0000000000000001", "a-secret-that-is-long-enough")
CLAIMS = Claims(
    access_key_id=KEY.access_key_id,
    date="20260501",
    region="eu-central-1",
    service="s3",
    signed_headers=("host",),
    signature="0" * 64,
    amz_date="20260501T120000Z",
    time=NOW,
    security_token="",
    presigned=False,
    expires=0,
    payload_hash="UNSIGNED-PAYLOAD",
)


def _make(engine: Engine, vault: Vault) -> User:
    def work(tx: Writer) -> User:
        user = create_user(tx, "ada", NOW, os.urandom)
        create_access_key(tx, vault, "ada", NOW, os.urandom, KEY)
        return user

    return engine.update(work)


def _assume(engine: Engine, vault: Vault, made_with: str = "") -> Issued:
    role = Role(name="deploy", role_id=ROLE_ID, created=NOW, path="/teams/", trust="{}")
    engine.update(lambda tx: tx.put(role))
    return engine.update(
        lambda tx: issue(
            tx,
            vault,
            os.urandom,
            NOW,
            Terms(
                role_arn=f"arn:aws:iam::{ACCOUNT}:role/teams/deploy",
                role_id=ROLE_ID,
                session_name="run-7",
                made_with=made_with,
                assumed_by=f"arn:aws:iam::{ACCOUNT}:user/ada",
                duration=timedelta(hours=1),
            ),
        )
    )


def _identify(
    engine: Engine, vault: Vault, claims: Claims, at: timedelta = timedelta()
) -> Identity:
    return engine.view(lambda tx: identify(tx, vault, ACCOUNT, claims, NOW + at))


def _refused(
    engine: Engine, vault: Vault, claims: Claims, at: timedelta = timedelta()
) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        _identify(engine, vault, claims, at)
    return caught.value


def _of(issued: Issued, service: str = "s3") -> Claims:
    key = issued.session.access_key_id
    return replace(CLAIMS, access_key_id=key, security_token=issued.token, service=service)


def test_user_is_known_by_its_key(engine: Engine, vault: Vault) -> None:
    """A long-lived key belongs to its user."""
    user = _make(engine, vault)
    assert _identify(engine, vault, CLAIMS) == Identity(
        arn=f"arn:aws:iam::{ACCOUNT}:user/ada",
        user_id=user.user_id,
        access_key_id=KEY.access_key_id,
        secret=KEY.secret,
        user="ada",
    )


def test_identity_does_not_show_its_secret(engine: Engine, vault: Vault) -> None:
    """What is logged of an identity holds no secret."""
    _make(engine, vault)
    assert KEY.secret not in repr(_identify(engine, vault, CLAIMS))


def test_session_is_known_by_its_key_and_token(engine: Engine, vault: Vault) -> None:
    """A temporary key stands for a session of a role, named without the role's path."""
    issued = _assume(engine, vault)
    identity = _identify(engine, vault, _of(issued))
    assert identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-7"
    assert identity.user_id == f"{issued.session.role_id}:run-7"
    assert (identity.secret, identity.session) == (issued.secret, "run-7")


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", "InvalidAccessKeyId", 403),
        ("dynamodb", "UnrecognizedClientException", 400),
        ("sts", "InvalidClientTokenId", 403),
    ],
)
def test_unknown_key(engine: Engine, vault: Vault, service: str, code: str, status: int) -> None:
    """A key that does not exist is refused as each service does it."""
    error = _refused(engine, vault, replace(CLAIMS, service=service))
    assert (error.code, error.status) == (code, status)


def test_removed_key_stops_at_once(engine: Engine, vault: Vault) -> None:
    """Nothing remembers a key that was removed."""
    _make(engine, vault)
    _identify(engine, vault, CLAIMS)
    engine.update(lambda tx: tx.drop(AccessKey, KEY.access_key_id))
    assert _refused(engine, vault, CLAIMS).code == "InvalidAccessKeyId"


def test_a_changed_secret_holds_at_once(engine: Engine, vault: Vault) -> None:
    """Nothing remembers the secret that a key had."""
    _make(engine, vault)
    _identify(engine, vault, CLAIMS)
    other = NewKey(KEY.access_key_id, "another-secret-that-is-long")
    engine.update(lambda tx: create_access_key(tx, vault, "ada", NOW, os.urandom, other))
    assert _identify(engine, vault, CLAIMS).secret == other.secret


def test_a_key_that_was_used_is_switched_off_at_once(engine: Engine, vault: Vault) -> None:
    """Nothing remembers that a key was active."""
    _make(engine, vault)
    _identify(engine, vault, CLAIMS)

    def switch_off(tx: Writer) -> None:
        key = tx.get(AccessKey, KEY.access_key_id)
        assert key is not None
        tx.put(replace(key, active=False))

    engine.update(switch_off)
    assert _refused(engine, vault, CLAIMS).code == "InvalidAccessKeyId"


def test_a_used_secret_that_is_tampered_with_does_not_open(engine: Engine, vault: Vault) -> None:
    """Nothing remembers the secret of a record that was changed since."""
    _make(engine, vault)
    _identify(engine, vault, CLAIMS)

    def tamper(tx: Writer) -> None:
        key = tx.get(AccessKey, KEY.access_key_id)
        assert key is not None
        tx.put(replace(key, secret=key.secret[:-1] + bytes([key.secret[-1] ^ 1])))

    engine.update(tamper)
    with pytest.raises(CorruptData):
        _identify(engine, vault, CLAIMS)


def test_a_renamed_user_is_seen_at_once(engine: Engine, vault: Vault) -> None:
    """Nothing remembers who a key's user was."""
    user = _make(engine, vault)
    _identify(engine, vault, CLAIMS)
    engine.update(lambda tx: tx.put(replace(user, user_id="AIDAANOTHER")))
    assert _identify(engine, vault, CLAIMS).user_id == "AIDAANOTHER"


def test_inactive_key_is_unknown(engine: Engine, vault: Vault) -> None:
    """A key that is switched off is refused like one that does not exist."""
    _make(engine, vault)
    sealed = vault.seal(KEY.secret.encode(), "access_key", KEY.access_key_id)
    key = AccessKey(
        access_key_id=KEY.access_key_id, user="ada", secret=sealed, created=NOW, active=False
    )
    engine.update(lambda tx: tx.put(key))
    assert _refused(engine, vault, CLAIMS).code == "InvalidAccessKeyId"


def test_key_of_a_removed_user_is_unknown(engine: Engine, vault: Vault) -> None:
    """A key without its user is nobody's."""
    _make(engine, vault)
    engine.update(lambda tx: tx.drop(User, "ada"))
    assert _refused(engine, vault, CLAIMS).code == "InvalidAccessKeyId"


def test_token_with_a_long_lived_key(engine: Engine, vault: Vault) -> None:
    """A long-lived key has no token, so one that is sent is wrong."""
    _make(engine, vault)
    error = _refused(engine, vault, replace(CLAIMS, security_token="x"))
    assert (error.code, error.status, error.fields) == ("InvalidToken", 400, {})


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", "InvalidToken", 400),
        ("kms", "UnrecognizedClientException", 400),
        ("iam", "InvalidClientTokenId", 403),
    ],
)
def test_wrong_token(engine: Engine, vault: Vault, service: str, code: str, status: int) -> None:
    """A token of another session is refused as each service does it."""
    claims = _of(_assume(engine, vault), service)
    error = _refused(engine, vault, replace(claims, security_token="another"))
    assert (error.code, error.status) == (code, status)


def test_missing_token(engine: Engine, vault: Vault) -> None:
    """A temporary key without its token is no key."""
    claims = replace(_of(_assume(engine, vault)), security_token="")
    assert _refused(engine, vault, claims).code == "InvalidAccessKeyId"


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", "ExpiredToken", 400),
        ("dynamodb", "ExpiredTokenException", 400),
        ("sts", "ExpiredToken", 403),
    ],
)
def test_expired_session(
    engine: Engine, vault: Vault, service: str, code: str, status: int
) -> None:
    """A session ends at its second, and each service says so."""
    claims = _of(_assume(engine, vault), service)
    _identify(engine, vault, claims, timedelta(minutes=59, seconds=59))
    error = _refused(engine, vault, claims, timedelta(hours=1))
    assert (error.code, error.status) == (code, status)


def test_session_ends_with_its_role(engine: Engine, vault: Vault) -> None:
    """Nobody acts as a role that is gone."""
    claims = _of(_assume(engine, vault))
    _identify(engine, vault, claims)
    engine.update(lambda tx: tx.drop(Role, "deploy"))
    assert _refused(engine, vault, claims).code == "InvalidAccessKeyId"


def test_session_is_not_of_another_role_of_that_name(engine: Engine, vault: Vault) -> None:
    """A role that is made anew does not take over the sessions of the one before."""
    claims = _of(_assume(engine, vault))
    again = Role(name="deploy", role_id="AROA0000000000000002", created=NOW, trust="{}")
    engine.update(lambda tx: tx.put(again))
    assert _refused(engine, vault, claims).code == "InvalidAccessKeyId"


def test_session_of_a_role_ends_with_the_key_it_was_made_with(engine: Engine, vault: Vault) -> None:
    """A key that leaked is stopped with every session that it led to."""
    _make(engine, vault)
    claims = _of(_assume(engine, vault, KEY.access_key_id))
    assert _identify(engine, vault, claims).role == "deploy"
    engine.update(lambda tx: tx.drop(AccessKey, KEY.access_key_id))
    assert _refused(engine, vault, claims).code == "InvalidAccessKeyId"


def test_moved_secret_does_not_open(engine: Engine, vault: Vault) -> None:
    """A secret that was copied under another key's id is not taken for that key's."""
    _make(engine, vault)
    other = "AKIA0000000000000002"

    def work(tx: Writer) -> None:
        key = tx.get(AccessKey, KEY.access_key_id)
        assert key is not None
        tx.put(AccessKey(access_key_id=other, user="ada", secret=key.secret, created=NOW))

    engine.update(work)
    with pytest.raises(CorruptData):
        engine.view(lambda tx: find(tx, vault, ACCOUNT, other, NOW))


def test_session_keeps_no_token(engine: Engine, vault: Vault) -> None:
    """Only the token's hash is kept, and the secret only sealed."""
    issued = _assume(engine, vault)
    session = engine.view(lambda tx: tx.get(Session, issued.session.access_key_id))
    assert session is not None
    assert session.token_sha256 == hashlib.sha256(issued.token.encode()).digest()
    assert issued.secret.encode() not in session.secret


def test_generated_keys_have_the_form_of_aws() -> None:
    """Ids are 20 upper-case characters, secrets 40."""
    assert len(new_id("AKIA", os.urandom)) == 20
    assert len(new_id("AIDA", os.urandom, 17)) == 21
    assert len(new_secret(os.urandom)) == 40
