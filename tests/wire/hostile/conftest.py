"""A server process with short limits for every module, started as a user starts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile_target import LIMITS, Target, target_of
from real_clients import start, stop


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with limits of a second or two."""
    data: Path = tmp_path_factory.mktemp("hostile") / "data"
    process, server = start(data, *LIMITS)
    yield target_of(server, process.pid)
    stop(process)
    assert "Traceback" not in data.with_suffix(".log").read_text()
