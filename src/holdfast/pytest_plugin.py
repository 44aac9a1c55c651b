"""Fixtures that give any project's tests a real backend: `holdfast_server`, `holdfast_backend`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from holdfast.temporary_server import TemporaryBackend, TemporaryServer


@pytest.fixture(scope="session")
def holdfast_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["TemporaryServer"]:
    """A state server on a free port of this machine, for the whole session.

    `.endpoint` is its address, `.env` an environment for subprocesses, `.new_backend()` makes another
    bucket and lock table.
    """
    from holdfast.temporary_server import serving

    with serving(tmp_path_factory.mktemp("holdfast")) as server:
        yield server


@pytest.fixture
def holdfast_backend(holdfast_server: "TemporaryServer") -> "TemporaryBackend":
    """A new bucket and lock table, for this test only.

    `.backend` is a `holdfast.Backend`, `.block()` the text of the backend block, `.env` the environment
    in which terraform, tofu and aws reach it.
    """
    return holdfast_server.new_backend()


@pytest.fixture(scope="session")
def holdfast_session_backend(holdfast_server: "TemporaryServer") -> "TemporaryBackend":
    """Like `holdfast_backend`, and the same one for all tests of the session."""
    return holdfast_server.new_backend("session")
