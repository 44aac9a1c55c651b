"""The journal in the server's background and in `holdfast check`: only here rules and server meet."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from holdfast.engine.port import Engine
from holdfast.engine.vault import Vault
from holdfast.rules import journal_head
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.verify_journal import TODO, verify_journal
from holdfast.server.access.failed_attempts import Burst, FailedAttempts
from holdfast.server.background import own_update
from holdfast.server.housekeeping import Step
from holdfast.server.operation import Site, Transaction
from holdfast.server.problem import Problem


def head_step(engine: Engine, vault: Vault) -> Step:
    """Return the step of housekeeping that writes down how far the journal reaches."""
    key = vault.derived(KEY_PURPOSE)

    def follow(_now: object) -> int:
        journal_head.follow(engine, key, durable=False)
        return 0  # nothing is left to do soon

    return Step("journal-head", follow)


def failures_step(engine: Engine, site: Site, attempts: FailedAttempts) -> Step:
    """Return the step that writes down which addresses failed to authenticate again and again."""

    def note(now: datetime) -> int:
        bursts = attempts.bursts()
        if bursts:
            own_update(engine, site, now, lambda tx: _note(tx, bursts))
        return 0

    return Step("journal-failures", note)


def _note(tx: Transaction, bursts: Sequence[Burst]) -> None:
    for burst in bursts:
        details = {
            "principal": "",  # nobody knows whose doing it is
            "access_key_id": burst.access_key_id,
            "address": burst.address,
            "tool": "",
            "error": burst.code,
        }
        tx.rules.note(tx, "authentication-failed", details)


def keep_head(engine: Engine, vault: Vault) -> None:
    """Write down how far the journal reaches, before a stop."""
    journal_head.follow(engine, vault.derived(KEY_PURPOSE))


def journal_problems(engine: Engine, vault: Vault) -> Iterator[Problem]:
    """Yield what is not as it was written in the journal."""
    for fault in verify_journal(engine, vault.derived(KEY_PURPOSE)):
        yield Problem(fault.where, fault.what, TODO)
