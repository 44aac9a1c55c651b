"""Entries in the journal of a server that runs in this process."""

from datetime import datetime
from typing import Any

from holdfast.rules import journal
from holdfast.server.caller import Caller
from holdfast.server.operation import Context, Transaction
from in_process import Aws
from journals import ALICE, NOON


def append(
    aws: Aws, what: str, now: datetime = NOON, caller: Caller = ALICE, **details: Any
) -> int:
    """Append an entry as a rule does; return its number."""
    if "bucket" in details and "key" in details:
        details["state"] = "{bucket}/{key}".format_map(details)
    context = Context(aws.site, caller, now, "", aws.engine.view)
    key = aws.vault.derived(journal.KEY_PURPOSE)
    return aws.engine.update(
        lambda tx: journal.append(Transaction(tx, context), key, what, details)
    )
