"""One real server for all tests of contention."""

from collections.abc import Iterator

import pytest

from real_clients import start, stop
from server_actors import Clients


@pytest.fixture(scope="package")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Clients of a server started as a user starts it; overload is retried as SDKs do."""
    process, server = start(tmp_path_factory.mktemp("contention") / "data")
    yield Clients(server, attempts=5).warm()
    stop(process)
