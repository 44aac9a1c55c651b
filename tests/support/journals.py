"""A journal to append to, in a database of its own."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from holdfast.engine.record import Record
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.state_records import JournalEntry
from holdfast.engine.vault import Vault
from holdfast.rules import journal
from holdfast.server.caller import Caller
from holdfast.server.operation import Context, Site, Transaction

T = TypeVar("T")
ALICE = Caller(
    "arn:aws:iam::123456789012:user/alice",
    "AIDAALICE",
    "AKIAALICE",
    address="192.0.2.7",
    user_agent="APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io)",
)
NOON = datetime(2026, 11, 22, 12, 0, 0, 250, tzinfo=UTC)


class Journal:
    """An engine with a journal, whose time and caller the test sets."""

    def __init__(self, folder: Path) -> None:
        self.engine = SqliteEngine(folder / "holdfast.db")
        self.vault = Vault(bytes(32))
        self.key = self.vault.derived(journal.KEY_PURPOSE)
        self.site = Site("123456789012", "us-east-1", self.vault, os.urandom)

    def update(
        self, work: Callable[[Transaction], T], now: datetime = NOON, caller: Caller = ALICE
    ) -> T:
        """Call `work` in a transaction of the caller."""
        context = Context(self.site, caller, now, "", self.engine.view)
        return self.engine.update(lambda writer: work(Transaction(writer, context)))

    def append(
        self, what: str, now: datetime = NOON, caller: Caller = ALICE, **details: Any
    ) -> int:
        """Append an entry; return its number."""
        return self.update(
            lambda tx: journal.append(tx, self.key, what, details), now=now, caller=caller
        )

    def put(self, record: Record) -> None:
        """Put a record behind everybody's back."""
        self.engine.update(lambda tx: tx.put(record))

    def entries(self) -> list[JournalEntry]:
        """Return all entries, in order."""
        return self.engine.view(lambda tx: list(tx.scan(JournalEntry)))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.close()
