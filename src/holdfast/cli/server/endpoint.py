"""The file `endpoint` in the data directory: where clients reach the server of this directory."""

import json
from pathlib import Path

import msgspec

from holdfast.engine.durable import write_private

NAME = "endpoint"


class Endpoint(msgspec.Struct, frozen=True):
    """What a client needs to know besides the credentials."""

    url: str  # with an IP literal as its host, so that the SDKs use path style
    region: str
    ca_bundle: str = ""  # a PEM file, if the certificate is not signed by a public authority


def url_of(host: str, port: int, *, secure: bool) -> str:
    """Return the URL at which this machine reaches a listener.

    Args:
        host: the IP address it listens on; the unspecified one means loopback.
        port: its port.
        secure: whether it speaks TLS.
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    literal = f"[{reachable}]" if ":" in reachable else reachable
    return f"{'https' if secure else 'http'}://{literal}:{port}"


def write(data: Path, endpoint: Endpoint) -> None:
    """Replace the file at once, so that a reader sees the old or the new one."""
    write_private(data / NAME, json.dumps(msgspec.structs.asdict(endpoint)).encode() + b"\n")


def read(data: Path) -> Endpoint | None:
    """Return what the file says, or None if there is none that can be understood."""
    try:
        document = json.loads((data / NAME).read_text())
        return Endpoint(
            url=str(document["url"]),
            region=str(document["region"]),
            ca_bundle=str(document.get("ca_bundle", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
