"""KMS handlers on a real engine, without the wire."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.vault import Vault
from holdfast.server.operation import Site
from kms_handlers import ACCOUNT, REGION, Kms


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[Kms]:
    """KMS on an empty engine."""
    engine = SqliteEngine(tmp_path / "holdfast.db")
    yield Kms(engine, Site(ACCOUNT, REGION, Vault(b"r" * 32), os.urandom))
    engine.close()
