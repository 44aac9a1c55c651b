"""The real terraform, the real AWS provider and the aws CLI, against a server started as users do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from holdfast.client.own_service import learn_model
from patience import PATIENCE
from warm_commands import run_warm

BIN = Path(sys.executable).parent
PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
_CORE = botocore.session.get_session()
learn_model(_CORE)
SESSION: Any = boto3.session.Session(botocore_session=_CORE)  # loads each service's model once
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    command: str
    code: int
    out: str  # standard output and error, as a terminal would show them

    @property
    def text(self) -> str:
        """The output as one line, without the frame that terraform draws around errors."""
        return " ".join(self.out.replace("│", " ").split())


@dataclass(frozen=True)
class Server:
    """A running `holdfast serve`."""

    data: Path
    env: Mapping[str, str]  # what `eval "$(holdfast env)"` sets, with a clean rest
    said: str  # what it printed at its start
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def endpoint(self) -> str:
        """Its address, as users get it."""
        return self.env["AWS_ENDPOINT_URL"]

    def client(self, service: str) -> Any:
        """Return the boto3 client with the administrator's key; making one takes long."""
        if service not in self._clients:
            self._clients[service] = self._made(service)
        return self._clients[service]

    def has_bucket(self, name: str) -> bool:
        """Whether there is a bucket; a list of all would come in pages, since tests share servers."""
        return _found(lambda: self.client("s3").head_bucket(Bucket=name), "404")

    def has_table(self, name: str) -> bool:
        """Whether there is a table."""
        gone = "ResourceNotFoundException"
        return _found(lambda: self.client("dynamodb").describe_table(TableName=name), gone)

    def _made(self, service: str) -> Any:
        return SESSION.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.env["AWS_REGION"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            verify=self.env.get("AWS_CA_BUNDLE"),
        )


def _found(look: Callable[[], object], absent: str) -> bool:
    try:
        look()
    except ClientError as error:
        if error.response["Error"]["Code"] != absent:
            raise
        return False
    return True


def clean_env() -> dict[str, str]:
    """Return an environment that holds nothing of the developer's AWS or Terraform settings."""
    env = {name: value for name, value in os.environ.items() if name in _KEPT}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    return env


def start(
    data: Path, *options: str, program: Sequence[str] = (str(BIN / "holdfast"),)
) -> tuple[subprocess.Popen[str], Server]:
    """Start a server as a user does, and wait until it answers."""
    log = data.with_suffix(".log")
    command = [*program, "serve", "--data", str(data), "--listen", "127.0.0.1:0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *options], stdout=output, stderr=output, text=True, env=clean_env()
        )
    deadline = time.monotonic() + PATIENCE
    env: dict[str, str] = {}
    while not env:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"the server did not start:\n{log.read_text()}")
        time.sleep(0.05)
        if " ready " in log.read_text():
            env = exported(data)
    return process, Server(data, env, log.read_text())


def exported(data: Path) -> dict[str, str]:
    """Return the environment after `eval "$(holdfast env)"`."""
    script = 'set -e; vars="$(holdfast env --data "$0")"; eval "$vars"; env -0'
    done = subprocess.run(
        ["bash", "-c", script, str(data)],
        env=clean_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {}
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)


def stop(process: subprocess.Popen[str]) -> None:
    """End a server as Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@dataclass
class Terraform:
    """A Terraform project in a folder of its own."""

    path: Path
    server: Server
    env: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.path / name).write_text(text)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what its commands run with."""
        return {**self.server.env, **self.env, **(extra or {})}

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run a terraform command to its end."""
        return run(self.path, self.environment(env), "terraform", *arguments)

    def ok(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a terraform command that has to succeed; return what it printed."""
        done = self.run(*arguments, env=env)
        assert done.code == 0, f"{done.command} failed:\n{done.out}"
        return done.out

    def aws(self, *arguments: str) -> str:
        """Run an aws command that has to succeed; return what it printed."""
        done = run(self.path, self.environment(), "aws", *arguments)
        assert done.code == 0, f"{done.command} failed:\n{done.out}"
        return done.out

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a terraform command and leave it running."""
        return subprocess.Popen(
            ["terraform", *arguments],
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def run(path: Path, env: Mapping[str, str], *command: str) -> Done:
    """Run a command to its end, five minutes at most."""
    if Path(command[0]).name == "holdfast":
        return Done(" ".join(command), *run_warm(path, env, command[1:], 300))
    done = subprocess.run(
        command,
        cwd=path,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(" ".join(command), done.returncode, done.stdout)


def mirrors() -> Iterator[Path]:
    """Yield the local mirrors that hold the AWS provider: the named one, or the usual places."""
    named = os.environ.get("HOLDFAST_TERRAFORM_MIRROR")
    if named:
        yield Path(named)
        return
    home = Path.home()
    usual = [
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    # Images often keep a mirror one folder below one of the top ones.
    usual += [inner for top in ("opt", "srv", "var/lib") for inner in Path("/", top).glob("*")]
    yield from (path for path in usual if (path / PROVIDER).is_dir())
