"""A fresh server for every wire test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from in_process import Aws, fresh_server


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    """A fresh server with one administrator, and boto3 clients for it."""
    with fresh_server(tmp_path) as made:
        yield made
