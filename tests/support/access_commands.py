"""Running the access commands as a shell would, with users of a test's own."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from client_site import Site
from holdfast.cli.main import run
from real_clients import SESSION
from state_commands import Ran


@dataclass(frozen=True)
class Access:
    """Runs `holdfast` commands in the environment of a site."""

    site: Site
    capsys: pytest.CaptureFixture[str]
    tag: str  # what the names of this test's users and roles end with

    def __call__(self, *arguments: str) -> Ran:
        """Run a command to its end."""
        self.capsys.readouterr()
        code = run(list(arguments))
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)

    def ok(self, *arguments: str) -> Any:
        """Run a command with `--json` that has to succeed; return what it printed."""
        ran = self(*arguments, "--json")
        assert ran.code == 0, ran.out + ran.err
        return ran.document

    def name(self, start: str) -> str:
        """Return a name that no other test has."""
        return f"{start}-{self.tag}"

    def user(self, start: str = "ada") -> tuple[str, dict[str, str]]:
        """Make a user with an access key; return its name and the key."""
        name = self.name(start)
        return name, self.ok("users", "create", name, "--key")["access_key"]

    def grant(self, name: str, right: str, prefix: str, *more: str, kind: str = "users") -> Any:
        """Grant a right to a folder of the site's bucket."""
        where = ("--bucket", self.site.bucket, "--lock-table", self.site.table)
        return self.ok(kind, "grant", name, right, "--prefix", prefix, *where, *more)

    def client(self, key: dict[str, str], service: str) -> Any:
        """Return a client that signs with an access key."""
        env = self.site.server.env
        return SESSION.client(
            service,
            endpoint_url=self.site.server.endpoint,
            region_name=env["AWS_REGION"],
            aws_access_key_id=key["access_key_id"],
            aws_secret_access_key=key["secret_access_key"],
        )


def access_for(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Return what runs access commands for a test."""
    return Access(site, capsys, uuid.uuid4().hex[:8])
