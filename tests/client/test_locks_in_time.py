"""What the library says of locks over time."""

import base64
import json
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from client_site import Site
from holdfast.cli.main import run
from holdfast.client.errors import LockHeld
from real_clients import Server, start, stop

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows of locks: the one of all other tests has no rules."""
    process, running = start(tmp_path_factory.mktemp("knowing") / "data")
    yield running
    stop(process)


def lock_over_http(site: Site, key: str) -> str:
    """Take the lock of a state as Terraform's http backend does; return its ID."""
    lock_id = str(uuid.uuid4())
    body = {"ID": lock_id, "Operation": "OperationTypeApply", "Who": "ann@host", "Path": ""}
    env = site.server.env
    pair = f"{env['AWS_ACCESS_KEY_ID']}:{env['AWS_SECRET_ACCESS_KEY']}".encode()
    request = urllib.request.Request(  # noqa: S310 - the test's own server
        f"{site.server.endpoint}/-/terraform/{site.bucket}/{key}",
        json.dumps(body).encode(),
        {"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
        method="LOCK",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the test's own server
        assert answer.status == 200
    return lock_id


def test_a_state_without_a_lock(site: Site) -> None:
    """Nothing is known of one, and there was none."""
    backend = site.backend()
    assert backend.known_lock() is None
    assert list(backend.past_locks()) == []


def test_a_held_lock_is_known_with_who_waits(site: Site) -> None:
    """Once by its ID, and the waiter by its attempts."""
    backend = site.backend()
    held = backend.lock("OperationTypeApply")
    with pytest.raises(LockHeld):
        site.backend().lock("OperationTypePlan")

    known = backend.known_lock()

    assert known is not None
    assert known.info.id == held.info.id
    assert [(one.operation, one.attempts) for one in known.waiters] == [("OperationTypePlan", 1)]
    assert (known.looks_dead, known.percent) == (False, 0)
    assert known.reasons


def test_past_locks_are_those_of_the_state(site: Site) -> None:
    """The oldest first, and only since the time that is asked for."""
    site.backend("other").lock("x").release()
    backend = site.backend()
    ids = []
    for _ in range(2):
        with backend.lock("OperationTypeApply") as held:
            ids.append(held.info.id)

    past = list(backend.past_locks())

    assert [lock.id for lock in past] == ids
    assert {lock.ended for lock in past} == {"released"}
    assert all(timedelta(0) <= lock.held < HOUR for lock in past)
    assert list(backend.past_locks(since=datetime.now(UTC) + HOUR)) == []


def test_a_lock_over_http_is_listed(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """It lies neither in the table nor in a file, and stops everybody too."""
    lock_id = lock_over_http(site, "app.tfstate")

    where = ["--bucket", site.bucket, "--lock-table", site.table, "--use-lockfile"]
    assert run(["locks", *where]) == 0

    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert line.startswith("app.tfstate")
    assert line.split()[-3:] == ["alive", "http", lock_id]
