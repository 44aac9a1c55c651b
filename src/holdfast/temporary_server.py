"""A server for tests: a process of its own on a free port, with its data in a directory that goes away.

Nothing is imitated: it is `holdfast serve`, and boto3, the aws CLI, terraform and tofu work with it.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.client.settings import BackendSettings

KEY = "terraform.tfstate"
_MAIN = "import sys; from holdfast.cli.main import main; sys.exit(main())"
_START = 60.0  # seconds a start may take on a busy machine
_STOP = 20.0


class ServerDidNotStart(RuntimeError):
    """The server ended, or did not answer in time; the message has what it printed."""


@dataclass(frozen=True)
class TemporaryBackend:
    """A bucket that keeps versions, a lock table and a key, all new.

    Attributes:
        bucket: the bucket's name.
        table: the lock table's name.
        key: the state's key.
        env: an environment for subprocesses in which terraform, tofu and aws reach the server.
    """

    server: "TemporaryServer"
    bucket: str
    table: str
    key: str = KEY

    @property
    def env(self) -> dict[str, str]:
        """An environment for subprocesses in which terraform, tofu and aws reach the server."""
        return dict(self.server.env)

    @cached_property
    def settings(self) -> "BackendSettings":
        """The arguments of the backend block, with endpoint and credentials."""
        from holdfast.client.settings import BackendSettings, Endpoints

        url, env = self.server.endpoint, self.server.env
        return BackendSettings(
            self.bucket,
            self.key,
            region=env["AWS_REGION"],
            dynamodb_table=self.table,
            use_lockfile=True,
            access_key=env["AWS_ACCESS_KEY_ID"],
            secret_key=env["AWS_SECRET_ACCESS_KEY"],
            endpoints=Endpoints(s3=url, dynamodb=url, kms=url, sts=url, iam=url),
            use_path_style=True,
        )

    @cached_property
    def backend(self) -> "Backend":
        """The backend, which needs nothing of the environment. Locks lie in file and table."""
        from holdfast.client.backend import Backend

        return Backend(self.settings, cache=False)

    def block(self) -> str:
        """Return the backend block, for terraform and tofu with `env`."""
        arguments = {
            "bucket": f'"{self.bucket}"',
            "key": f'"{self.key}"',
            "region": f'"{self.settings.region}"',
            "dynamodb_table": f'"{self.table}"',
            "use_lockfile": "true",
        }
        lines = "".join(f"    {name:<14} = {value}\n" for name, value in arguments.items())
        return f'terraform {{\n  backend "s3" {{\n{lines}  }}\n}}\n'


@dataclass(frozen=True)
class TemporaryServer:
    """A running server.

    Attributes:
        data: its data directory.
        env: an environment for subprocesses in which terraform, tofu and aws reach it.
    """

    data: Path
    env: Mapping[str, str] = field(repr=False)

    @property
    def endpoint(self) -> str:
        """Its address."""
        return self.env["AWS_ENDPOINT_URL"]

    def new_backend(self, name: str = "test") -> TemporaryBackend:
        """Make a bucket with versions and a lock table.

        Args:
            name: what the names of both begin with: lower case letters, digits and hyphens.
        """
        name = f"{name[:40]}-{uuid.uuid4().hex[:10]}"
        made = TemporaryBackend(self, f"{name}-state", f"{name}-locks")
        connection = made.backend.connection
        connection.s3.create_bucket(Bucket=made.bucket)
        connection.s3.put_bucket_versioning(
            Bucket=made.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        connection.dynamodb.create_table(
            TableName=made.table,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return made


@contextmanager
def serving(directory: Path | None = None) -> Iterator[TemporaryServer]:
    """Run a server while the block runs.

    Args:
        directory: where its data and log go; a temporary directory, removed afterwards, if None.

    Raises:
        ServerDidNotStart: with what it printed.
    """
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="holdfast-") as made, serving(Path(made)) as server:
            yield server
        return
    data, log = directory / "data", directory / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", _MAIN, "serve", "--data", str(data), "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_clean_env(),
        )
    try:
        _wait_until_ready(process, log)
        yield TemporaryServer(data, _env_of(data))
    finally:
        _stop(process)


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START
    while " ready " not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerDidNotStart(f"holdfast serve did not start:\n{log.read_text()}")
        time.sleep(0.02)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _clean_env() -> dict[str, str]:
    """Return this process's environment without settings of another server."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "HOLDFAST_"))
    }


def _env_of(data: Path) -> dict[str, str]:
    """Return the environment after `eval "$(holdfast env)"`."""
    printed = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _MAIN, "env", "--data", str(data)],
        env=_clean_env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    env = dict(os.environ)
    for line in printed.splitlines():
        command, *words = shlex.split(line, comments=True) or [""]
        for word in words:
            name, _, value = word.partition("=")
            if command == "export":
                env[name] = value
            else:
                env.pop(name, None)
    env["AWS_EC2_METADATA_DISABLED"] = "true"
    return env
