"""What the tests of webhooks share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.server.webhooks import follower, sending
from journals import Journal
from told import Told
from webhook_receiver import receiving


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """An empty journal and a receiver; hardly any waits."""
    monkeypatch.setattr(sending, "DELAYS", (0.01, 0.02))
    monkeypatch.setattr(follower, "_PACE", 0.01)
    monkeypatch.setattr(follower, "_WAIT", 0.05)
    journal = Journal(tmp_path)
    with receiving() as receiver:
        made = Told(journal, receiver)
        yield made
        made.stop()
    journal.close()
