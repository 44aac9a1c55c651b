"""Issuing sessions, and collecting the old ones."""

import os
from datetime import UTC, datetime, timedelta

from holdfast.engine.access_records import Session
from holdfast.engine.port import Engine
from holdfast.engine.vault import Vault
from holdfast.server.access.sessions import Issued, Terms, collect_sessions, issue

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/deploy"


def _issue(engine: Engine, vault: Vault) -> Issued:
    return engine.update(
        lambda tx: issue(
            tx,
            vault,
            os.urandom,
            NOW,
            Terms(
                role_arn=ROLE,
                role_id="AROA0000000000000001",
                session_name="run",
                assumed_by="arn:aws:iam::123456789012:user/ada",
                duration=timedelta(minutes=15),
            ),
        )
    )


def _count(engine: Engine) -> int:
    return engine.view(lambda tx: sum(1 for _ in tx.scan(Session)))


def test_sessions_differ(engine: Engine, vault: Vault) -> None:
    """No two sessions share a key, a secret or a token."""
    one, two = _issue(engine, vault), _issue(engine, vault)
    assert one.session.access_key_id != two.session.access_key_id
    assert {one.secret, one.token}.isdisjoint({two.secret, two.token})
    assert one.session.access_key_id.startswith("ASIA")


def test_session_is_kept_a_day_after_it_expired(engine: Engine, vault: Vault) -> None:
    """For a day an expired token is still known as expired."""
    _issue(engine, vault)
    assert collect_sessions(engine, NOW + timedelta(days=1)) == 0
    assert _count(engine) == 1


def test_old_session_is_collected(engine: Engine, vault: Vault) -> None:
    """After that it goes."""
    _issue(engine, vault)
    assert collect_sessions(engine, NOW + timedelta(days=1, minutes=16)) == 1
    assert _count(engine) == 0


def test_issued_session_does_not_show_its_secrets(engine: Engine, vault: Vault) -> None:
    """What is logged of a new session holds neither secret nor token."""
    issued = _issue(engine, vault)
    assert issued.secret not in repr(issued)
    assert issued.token not in repr(issued)
