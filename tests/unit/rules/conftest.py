"""What the tests of rules share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journals import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal(tmp_path)
    yield made
    made.close()
