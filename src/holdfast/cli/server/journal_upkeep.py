"""The journal in the server's background and in `holdfast check`: only here rules and server meet."""

from collections.abc import Iterator

from holdfast.engine.port import Engine
from holdfast.engine.vault import Vault
from holdfast.rules import journal_head
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.verify_journal import TODO, verify_journal
from holdfast.server.housekeeping import Step
from holdfast.server.problem import Problem


def head_step(engine: Engine, vault: Vault) -> Step:
    """Return the step of housekeeping that writes down how far the journal reaches."""
    key = vault.derived(KEY_PURPOSE)

    def follow(_now: object) -> int:
        journal_head.follow(engine, key, durable=False)
        return 0  # nothing is left to do soon

    return Step("journal-head", follow)


def keep_head(engine: Engine, vault: Vault) -> None:
    """Write down how far the journal reaches, before a stop."""
    journal_head.follow(engine, vault.derived(KEY_PURPOSE))


def journal_problems(engine: Engine, vault: Vault) -> Iterator[Problem]:
    """Yield what is not as it was written in the journal."""
    for fault in verify_journal(engine, vault.derived(KEY_PURPOSE)):
        yield Problem(fault.where, fault.what, TODO)
