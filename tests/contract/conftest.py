"""The fixtures of the contract suite, which runs on every engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_store import ENGINES, Store
from holdfast.engine.port import Engine


@pytest.fixture(params=sorted(ENGINES))
def engine_name(request: pytest.FixtureRequest) -> str:
    """Return the name of the engine under test."""
    return str(request.param)


@pytest.fixture
def store(engine_name: str, tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    made = Store(engine_name, tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def engine(store: Store) -> Engine:
    """Return an engine on an empty store."""
    return store.engine
