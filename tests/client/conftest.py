"""One real server for the tests of the library and the commands; a fresh bucket and table for each."""

import functools
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.hooks import EventAliaser, HierarchicalEmitter

from client_site import Site, make_site
from real_clients import Server, start, stop


@pytest.fixture(scope="session", autouse=True)
def _names_of_events() -> Iterator[None]:
    """Let the SDK look up once how its events are called: each of a thousand clients would again."""
    first: Any = EventAliaser(HierarchicalEmitter())
    known = functools.cache(first._alias_event_name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EventAliaser, "_alias_event_name", lambda _, name: known(name))
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A `holdfast serve` that all tests of a worker share.

    Without rules it is as AWS is: what these tests break on purpose, it would not let be broken.
    """
    process, running = start(tmp_path_factory.mktemp("server") / "data", "--rules", "all=off")
    yield running
    stop(process)


@pytest.fixture
def site(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    """A fresh bucket and table, in an environment that leads to the server and to nothing else."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TF_", "HOLDFAST_"))]:
        monkeypatch.delenv(name)
    for name, value in server.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_site(server, f"t{uuid.uuid4().hex[:12]}")
