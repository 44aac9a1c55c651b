"""A server process with short limits, as hostile tests see it."""

import contextlib
import sqlite3
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from patience import PATIENCE
from raw_http import Reply, Signer, ask
from real_clients import Server

BUCKET = "terraform-state"
TABLE = "terraform-locks"
DOMAIN = "s3.internal"
LIMITS = (
    *("--header-timeout", "1", "--stall-timeout", "1", "--idle-timeout", "2"),
    *("--drain-timeout", "2", "--base-domain", DOMAIN, "--log-level", "debug"),
)


@dataclass(frozen=True)
class Target:
    """A server, where it listens and who may ask it."""

    server: Server
    pid: int
    address: tuple[str, int]
    signer: Signer
    s3: Any  # a client, made once

    def ask(self, request: bytes) -> Reply:
        """Send a request on a connection of its own and return the answer."""
        return ask(self.address, request)

    def objects(self) -> list[str]:
        """Return the keys in the bucket, with every version."""
        listed = self.s3.list_object_versions(Bucket=BUCKET)
        return sorted(version["Key"] for version in listed.get("Versions", []))

    def stored(self) -> dict[str, int]:
        """Return how many rows each table of its database has that a write could add to."""
        tables = ("bucket", "chunk", "staged", "object_version", "upload", "part", "table", "item")
        path = f"file:{self.server.data / 'holdfast.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True, timeout=PATIENCE)) as database:
            # The names are those above.
            counts = [f'SELECT count(*) FROM "{name}"' for name in tables]  # noqa: S608
            return {
                name: database.execute(count).fetchone()[0]
                for name, count in zip(tables, counts, strict=True)
            }

    def settles(self, before: dict[str, int], seconds: float = PATIENCE) -> bool:
        """Whether what is stored comes to be no more than before: a body that was given up goes soon.

        It may come to be less: what a test before gave up may not have gone yet when this one began.
        """
        deadline = time.monotonic() + seconds
        while any(count > before[name] for name, count in self.stored().items()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def log(self) -> str:
        """Return what it has logged so far."""
        return self.server.data.with_suffix(".log").read_text()

    def whole_log(self) -> str:
        """Return its log with the lines of all answers until now, which are written soon after them."""
        last = uuid.uuid4().hex
        self.ask(self.signer.request("GET", f"/{BUCKET}/{last}"))
        deadline = time.monotonic() + PATIENCE
        while last not in (log := self.log()):
            assert time.monotonic() < deadline, f"a request was not logged:\n{log[-2000:]}"
            time.sleep(0.01)
        return log

    def is_well(self) -> bool:
        """Whether it still answers, and has met no defect of its own."""
        answered = self.ask(self.signer.request("GET", "/")).status == 200
        return answered and "Traceback" not in self.log()


def target_of(server: Server, pid: int) -> Target:
    """Return what tests need to know of a server."""
    parts = urlsplit(server.endpoint)
    assert parts.hostname is not None
    assert parts.port is not None
    key, secret = server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"]
    signer = Signer(parts.netloc, key, secret, server.env["AWS_REGION"])
    return Target(server, pid, (parts.hostname, parts.port), signer, server.client("s3"))
