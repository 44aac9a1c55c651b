"""The two ends of a copy: a state, all states below a prefix, or the state of a Terraform directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from holdfast.client.backend import Backend
from holdfast.client.config.discovery import discover
from holdfast.client.config.given import Given
from holdfast.client.errors import HoldfastError, NotConfigured
from holdfast.terraform.address import StateAddress, address_of


class SamePlace(HoldfastError):
    """The copy would lie where the original is, or among the originals."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a copy."""

    backend: Backend
    prefix: str | None  # of object keys; None if one state is meant

    @property
    def url(self) -> str:
        """Where it is."""
        if self.prefix is None:
            return self.backend.address.url
        return f"s3://{self.backend.settings.bucket}/{self.prefix}"


def end_of(text: str, environ: Mapping[str, str]) -> End:
    """Return an end from what a user says.

    Args:
        text: `s3://bucket/key?...`; `s3://bucket/prefix/?...` or `s3://bucket?...` for all states
            there; or a Terraform directory.
        environ: the environment.

    Raises:
        NotConfigured: it is neither, or says too little.
    """
    if not text.startswith("s3://"):
        if not Path(text).is_dir():
            raise NotConfigured(
                f"{text} is neither a URL nor a directory",
                "Write s3://BUCKET/KEY?region=REGION&lock_table=TABLE, or name a Terraform directory.",
            )
        found = discover(Given(directory=Path(text)), environ)
        return End(Backend(found.settings, found.workspace), None)
    parts = urlsplit(text)
    path = unquote(parts.path[1:])
    if path and not path.endswith("/"):
        found = discover(Given(url=text), environ)
        return End(Backend(found.settings, found.workspace), None)
    whole_bucket = urlunsplit(parts._replace(path=""))
    found = discover(Given(url=whole_bucket), environ, need_key=False)
    return End(Backend(found.settings), path)


def check_apart(source: End, target: End) -> None:
    """Refuse ends that do not go together.

    Raises:
        NotConfigured: one is a prefix, and the other is not.
        SamePlace: the target is, or is within, the source.
    """
    if (source.prefix is None) != (target.prefix is None):
        raise NotConfigured(
            f"{source.url} and {target.url} are not of one kind",
            "Name a key at both ends, or a prefix that ends in / at both ends.",
        )
    if not _same_bucket(source.backend, target.backend):
        return
    if source.prefix is None or target.prefix is None:
        if source.backend.address.object_key == target.backend.address.object_key:
            raise SamePlace(
                f"{source.url} is at both ends", "Name another key, bucket or endpoint."
            )
    elif target.prefix.startswith(source.prefix) or source.prefix.startswith(target.prefix):
        raise SamePlace(
            f"{target.url} and {source.url} are within each other", "Name prefixes that are apart."
        )


def _same_bucket(one: Backend, other: Backend) -> bool:
    def place(backend: Backend) -> tuple[str, str]:
        return backend.settings.bucket, backend.connection.s3.meta.endpoint_url

    return place(one) == place(other)


def addresses(end: End, object_key: str) -> StateAddress:
    """Return the address of an object at an end."""
    settings = end.backend.settings
    return address_of(settings.bucket, object_key, settings.workspace_key_prefix)
