"""Making users and access keys."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from holdfast.engine.access_records import AccessKey
from holdfast.engine.port import Engine, Writer
from holdfast.engine.vault import Vault
from holdfast.server.access.credentials import Identity, find
from holdfast.server.access.users import NewKey, create_access_key, create_user

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ID = "AKIA0000000000000001"


def _keep(engine: Engine, vault: Vault, given: NewKey | None, at: datetime = NOW) -> NewKey:
    def work(tx: Writer) -> NewKey:
        create_user(tx, "ada", at, os.urandom)
        return create_access_key(tx, vault, "ada", at, os.urandom, given)

    return engine.update(work)


def _find(engine: Engine, vault: Vault, access_key_id: str, at: datetime = NOW) -> Identity | None:
    return engine.view(lambda tx: find(tx, vault, "123456789012", access_key_id, at))


def test_generated_key_works(engine: Engine, vault: Vault) -> None:
    """A key that nobody gave is made up, and opens again."""
    key = _keep(engine, vault, None)
    identity = _find(engine, vault, key.access_key_id)
    assert key.access_key_id.startswith("AKIA")
    assert identity is not None
    assert identity.secret == key.secret


def test_key_is_nobodys_from_the_second_it_expires(engine: Engine, vault: Vault) -> None:
    """An access key may have an end; the record stays, and can be given another one."""
    key = _keep(engine, vault, None).access_key_id
    end = NOW + timedelta(days=90)

    def expire(tx: Writer) -> None:
        record = tx.get(AccessKey, key)
        assert record is not None
        tx.put(replace(record, expires=end))

    engine.update(expire)
    assert _find(engine, vault, key, end - timedelta(seconds=1)) is not None
    assert _find(engine, vault, key, end) is None


def test_given_secret_replaces_the_old_one(engine: Engine, vault: Vault) -> None:
    """A configured secret can be changed; the key stays the same one."""
    _keep(engine, vault, NewKey(ID, "the-first-secret-of-all"))
    _keep(engine, vault, NewKey(ID, "the-second-secret-of-all"), NOW + timedelta(days=1))
    identity = _find(engine, vault, ID)
    record = engine.view(lambda tx: tx.get(AccessKey, ID))
    assert identity is not None
    assert record is not None
    assert (identity.secret, record.created) == ("the-second-secret-of-all", NOW)


def test_user_is_made_once(engine: Engine) -> None:
    """The same name is the same user."""
    first = engine.update(lambda tx: create_user(tx, "ada", NOW, os.urandom))
    again = engine.update(lambda tx: create_user(tx, "ada", NOW, os.urandom))
    assert first == again


def test_key_of_another_user_is_not_taken_over(engine: Engine, vault: Vault) -> None:
    """An id belongs to one user."""
    key = NewKey(ID, "the-first-secret-of-all")
    _keep(engine, vault, key)
    with pytest.raises(ValueError, match="another user"):
        engine.update(lambda tx: create_access_key(tx, vault, "eve", NOW, os.urandom, key))


@pytest.mark.parametrize(
    "key",
    [
        NewKey("short", "a-secret-that-is-long-enough"),
        NewKey("AKIA/000000000000001", "a-secret-that-is-long-enough"),
        NewKey(ID, "short"),
        NewKey(ID, "a secret with spaces in it"),
        NewKey(ID, "ein-geheimnis-mit-ümlaut"),
    ],
    ids=["short id", "slash", "short secret", "spaces", "not ASCII"],
)
def test_malformed_key_is_refused(engine: Engine, vault: Vault, key: NewKey) -> None:
    """What no client could sign with is not kept."""
    with pytest.raises(ValueError, match="has"):
        _keep(engine, vault, key)
