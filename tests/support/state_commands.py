"""Running commands on the states of a test's own bucket, as a shell would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from client_site import Site
from holdfast.cli.main import run
from holdfast.client.backend import Backend
from holdfast.terraform.address import StateAddress


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The words of each line that it printed."""
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Commands:
    """Runs `holdfast` commands with the options that lead to a site."""

    site: Site
    capsys: pytest.CaptureFixture[str]

    def __call__(self, name: str, *arguments: str, key: str = "") -> Ran:
        """Run a command to its end."""
        options = ["--bucket", self.site.bucket, "--region", "us-east-1", "--use-lockfile"]
        options += ["--lock-table", self.site.table]
        options += ["--key", key] if key else []
        self.capsys.readouterr()
        code = run([name, *arguments, *options])
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)


_writers: dict[str, Backend] = {}  # by bucket: clients take long to make


def written(
    site: Site, key: str, document: Mapping[str, Any] | bytes, *, workspace: str = "default"
) -> bytes:
    """Put a state where it belongs, with its digest, and return its bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
    writer = _writers.get(site.bucket) or site.backend()
    _writers[site.bucket] = writer
    backend = writer.at(StateAddress(site.bucket, key, workspace))
    with backend.lock("test") as held:
        backend.write(body, held=held, force=True)
    return body
