"""A real store for users, keys and sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.engine.open import open_directory
from holdfast.engine.port import Engine
from holdfast.engine.vault import Vault


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite engine."""
    directory = open_directory(tmp_path / "data")
    yield directory.engine
    directory.close()


@pytest.fixture
def vault() -> Vault:
    """A vault under a fixed root key."""
    return Vault(bytes(range(32)))
