"""What the server's background writes into the journal."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from holdfast.cli.server.journal_upkeep import failures_step, head_step
from holdfast.engine.journal_end import JournalEnd
from holdfast.rules import journal_head
from holdfast.rules.state_rules import StateRules
from holdfast.server.access.failed_attempts import AT_ONCE, FailedAttempts
from holdfast.server.stores import ServerStores
from journals import NOON, Journal


def test_who_fails_to_authenticate_again_and_again_is_written_down(tmp_path: Path) -> None:
    """Once for a burst, with the address and the key that was tried, and in nobody's name."""
    journal = Journal(tmp_path)
    rules = StateRules(ServerStores(), journal.key)
    attempts = FailedAttempts(lambda: 0.0)
    step = failures_step(journal.engine, replace(journal.site, rules=rules), attempts)
    step.run(NOON)
    for _ in range(AT_ONCE + 5):
        attempts.failed("192.0.2.9", "AKIAGUESSED", "SignatureDoesNotMatch")

    step.run(NOON)
    step.run(NOON)

    (entry,) = journal.entries()
    event = msgspec.json.decode(entry.event)
    journal.close()
    assert event == {
        "at": "2026-11-22T12:00:00.000250Z",
        "what": "authentication-failed",
        "principal": "",
        "access_key_id": "AKIAGUESSED",
        "address": "192.0.2.9",
        "tool": "",
        "error": "SignatureDoesNotMatch",
    }


def test_how_far_the_journal_reaches_is_written_down(tmp_path: Path) -> None:
    """Each round, without being work that makes the next round come sooner."""
    journal = Journal(tmp_path)
    step = head_step(journal.engine, journal.vault)
    assert step.run(NOON) == 0
    journal.append("lock-taken")
    journal.append("lock-released")
    assert step.run(NOON) == 0

    (_, last) = journal.entries()
    head = journal.engine.view(lambda tx: journal_head.kept(tx, journal.key))
    journal.close()
    assert head == JournalEnd(2, last.chain)
