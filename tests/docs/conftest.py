"""Every page gets a server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from real_clients import Server, start, stop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server with the first start's bucket, table and key."""
    process, running = start(tmp_path / "data")
    yield running
    stop(process)
