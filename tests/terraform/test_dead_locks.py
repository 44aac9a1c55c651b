"""A lock that a killed apply leaves behind: for hours it looks alive, then dead, and is broken."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.cli.main import run
from moved_clock import MovedClock, started
from real_clients import Server, Terraform
from server_time import sign_at_server_time
from terraform_blocks import BUCKET, LOCK_MODES, TABLE
from terraform_holders import applying, twins

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform
HOURS = 3600.0


@pytest.fixture(scope="module")
def _moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, MovedClock]]:
    with started(tmp_path_factory.mktemp("moved")) as both:
        yield both


@pytest.fixture(scope="module")
def server(_moved: tuple[Server, MovedClock]) -> Server:
    """A server whose clock is moved."""
    return _moved[0]


@pytest.fixture
def clock(
    _moved: tuple[Server, MovedClock], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[MovedClock]:
    """Its clock, by which our own commands sign; they are led to the server."""
    server, clock = _moved
    for name, value in server.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    sign_at_server_time(clock, monkeypatch)
    yield clock
    clock.move(0)


@pytest.mark.parametrize("mode", list(LOCK_MODES))
def test_a_killed_apply_is_noticed_by_its_silence(
    project: Project, clock: MovedClock, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever waits for the lock, with the same key, is no sign of its holder's life."""
    key = f"silent-{mode}.tfstate"
    where = ["--bucket", BUCKET, "--lock-table", TABLE]
    unlock = ["unlock", key, "--if-stale", "--yes", *where]
    first, second = twins(project, key, mode)
    with applying(first) as holder:
        holder.kill()
        holder.wait()
    assert "Error acquiring the state lock" in second.run("plan").text

    clock.move(1.9 * HOURS)
    assert run(unlock) == 8
    assert "does not look dead" in capsys.readouterr().err
    clock.move(2.1 * HOURS)
    assert run(["locks", "list", "--prefix", key, "--json", *where]) == 0
    (lock,) = json.loads(capsys.readouterr().out)["locks"]
    assert lock["looks"]["dead"] is True
    assert lock["tool"].startswith("Terraform ")
    assert [waiter["operation"] for waiter in lock["waiters"]] == ["OperationTypePlan"]
    assert run(unlock) == 0

    clock.move(0)
    second.ok("apply", "-auto-approve")
