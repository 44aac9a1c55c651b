"""A fresh server for every wire test."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.server.access.users import (
    ADMINISTRATOR,
    NewKey,
    create_access_key,
    create_user,
)
from in_process import ACCESS_KEY_ID, SECRET, Aws


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    """A fresh server with one administrator, and boto3 clients for it."""
    directory = open_directory(tmp_path / "data")
    now = datetime.now(UTC)

    def first(tx: Writer) -> None:
        create_user(tx, ADMINISTRATOR, now, os.urandom)
        key = NewKey(ACCESS_KEY_ID, SECRET)
        create_access_key(tx, directory.vault, ADMINISTRATOR, now, os.urandom, key)

    directory.engine.update(first)
    made = Aws(directory.path, directory.engine, directory.vault)
    yield made
    made.close()
    directory.close()
