"""A server process with short limits, as hostile tests see it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

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

    def ask(self, request: bytes) -> Reply:
        """Send a request on a connection of its own and return the answer."""
        return ask(self.address, request)

    def keys(self) -> list[str]:
        """Return the keys in the bucket, with every version."""
        listed = self.server.client("s3").list_object_versions(Bucket=BUCKET)
        return sorted(version["Key"] for version in listed.get("Versions", []))

    def log(self) -> str:
        """Return what it has logged so far."""
        return self.server.data.with_suffix(".log").read_text()

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
    return Target(server, pid, (parts.hostname, parts.port), signer)
