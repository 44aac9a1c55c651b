"""The pytest plugin, in another project's tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = """
import subprocess

STATE = b'{"version":4,"serial":1,"lineage":"a","outputs":{},"resources":[]}'


def test_first(holdfast_backend):
    assert list(holdfast_backend.backend.states()) == []
    with holdfast_backend.backend.lock("mine") as held:
        holdfast_backend.backend.write(STATE, held=held)
    assert holdfast_backend.backend.read().header.serial == 1


def test_second_has_a_backend_of_its_own(holdfast_backend):
    assert list(holdfast_backend.backend.states()) == []


def test_session_first(holdfast_session_backend):
    holdfast_session_backend.backend.write(STATE, force=True)


def test_session_second(holdfast_session_backend, holdfast_backend):
    assert holdfast_session_backend.backend.read().body == STATE
    assert holdfast_session_backend.bucket != holdfast_backend.bucket


def test_subprocesses(holdfast_backend):
    command = ["aws", "s3", "ls", "s3://" + holdfast_backend.bucket]
    subprocess.run(command, env=holdfast_backend.env, check=True)


def test_server(holdfast_server):
    assert holdfast_server.endpoint.startswith("http://127.0.0.1:")
    assert holdfast_server.new_backend("Mine".lower()).bucket.startswith("mine-")
"""

_TERRAFORM = """
import subprocess


def test_terraform(holdfast_backend, tmp_path):
    (tmp_path / "main.tf").write_text(
        holdfast_backend.block() + 'output "x" { value = "y" }'
    )
    for command in ("init", "apply -auto-approve"):
        subprocess.run(
            ["terraform", *command.split()], cwd=tmp_path, env=holdfast_backend.env, check=True
        )
    assert holdfast_backend.backend.read().state.outputs["x"].value == "y"
    assert holdfast_backend.backend.holder() == []
"""


def run(directory: Path, tests: str, *options: str, **env: str) -> str:
    """Run tests as another project does, with warnings as errors; return what pytest prints."""
    (directory / "test_it.py").write_text(tests)
    (directory / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=directory,
        env={**kept, "PATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return done.stdout


def test_every_test_gets_a_backend_of_its_own(tmp_path: Path) -> None:
    """With warnings as errors, and settings of another server around."""
    printed = run(
        tmp_path,
        _TESTS,
        AWS_ENDPOINT_URL_S3="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="somebody",
        AWS_SECRET_ACCESS_KEY="else",
        HOLDFAST_LISTEN="nonsense",
    )

    assert "6 passed" in printed, printed


def test_the_server_ends_with_the_session(tmp_path: Path) -> None:
    """No process stays, whether the tests pass or fail."""
    tests = """
def test_it(holdfast_server):
    import pathlib
    pathlib.Path("data").write_text(str(holdfast_server.data))
    assert False
"""
    printed = run(tmp_path, tests)
    data = (tmp_path / "data").read_text()

    assert "1 failed" in printed, printed
    assert not running_on(data)


def running_on(data: str) -> list[str]:
    """Return the processes whose command names a data directory."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if data.encode() in command:
            found.append(path.parent.name)
    return found


def test_nothing_is_started_or_imported_for_tests_that_do_not_ask(tmp_path: Path) -> None:
    """The plugin costs a project that does not use it nothing."""
    tests = """
def test_it():
    import sys
    heavy = {"boto3", "botocore", "click", "msgspec", "holdfast.client", "holdfast.cli"}
    assert not heavy & set(sys.modules)
    assert "holdfast.pytest_plugin" in sys.modules
"""
    assert "1 passed" in run(tmp_path, tests)


def test_the_fixtures_are_listed_with_what_they_give(tmp_path: Path) -> None:
    """`pytest --fixtures` explains them."""
    printed = run(tmp_path, "", "--fixtures")

    for name in ("holdfast_server", "holdfast_backend", "holdfast_session_backend"):
        assert name in printed
    assert "A new bucket and lock table, for this test only." in printed


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The fixture's error has what the server printed."""
    tests = """
import holdfast.temporary_server as server
server._MAIN = "raise SystemExit('no room for data')"
def test_it(holdfast_backend):
    pass
"""
    printed = run(tmp_path, tests)

    assert "ServerDidNotStart" in printed
    assert "no room for data" in printed


@pytest.mark.terraform
def test_terraform_uses_the_block(tmp_path: Path) -> None:
    """Block and environment are all that it needs."""
    assert "1 passed" in run(tmp_path, _TERRAFORM)


def test_a_server_for_a_block_of_code(tmp_path: Path) -> None:
    """Without pytest, too; it leaves nothing behind."""
    script = """
from holdfast.temporary_server import serving
with serving() as server:
    backend = server.new_backend().backend
    print(len(list(backend.states())), server.data.parent)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    count, directory = done.stdout.split()

    assert count == "0"
    assert not Path(directory).exists()
    assert not running_on(directory)
