"""One version of a state at either end of a copy: its bytes, its hash, and what it is a copy of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from holdfast.client import object_headers
from holdfast.client.backend import Backend
from holdfast.client.history import Version, history
from holdfast.client.translate import Call, translated
from holdfast.terraform.address import StateAddress

# User metadata of a copy. Terraform neither reads nor writes any.
SOURCE = "holdfast-source"  # s3://bucket/key of the original
VERSION = "holdfast-source-version"
MODIFIED = "holdfast-source-modified"  # RFC 3339
SHA256 = "holdfast-sha256"
_PART = 1 << 20  # bytes that are hashed at once


@dataclass(frozen=True, slots=True)
class Origin:
    """What a version is a copy of, as its metadata says."""

    source: str
    version_id: str
    sha256: str


class Entries:
    """The versions of one state, oldest first, read when they are needed and hashed once."""

    def __init__(self, backend: Backend, address: StateAddress) -> None:
        self.backend = backend
        self.address = address
        self.versions: list[Version] = []
        self._hashes: dict[str, str] = {}
        self._origins: dict[str, Origin | None] = {}
        self.refresh()

    def refresh(self) -> None:
        """List the versions again.

        Raises:
            HoldfastError: they cannot be listed.
        """
        found = list(history(self.backend.connection, self.address, None))
        self.versions = found[::-1]
        # Where no versions are kept, the one there is may have been replaced.
        self._hashes.pop("null", None)
        self._origins.pop("null", None)

    @property
    def newest(self) -> Version | None:
        """The newest version, unless the state is deleted or there is none."""
        last = self.versions[-1] if self.versions else None
        return None if last is None or last.delete_marker else last

    def body(self, version: Version) -> bytes:
        """Return the bytes of a version.

        Raises:
            HoldfastError: it cannot be read.
        """
        answer = self._get("get_object", version)
        with translated(self._reading(version)):
            body: bytes = answer["Body"].read()
        self._hashes[version.version_id] = hashlib.sha256(body).hexdigest()
        return body

    def sha256(self, version: Version) -> str:
        """Return the hash of a version's bytes; they are read the first time."""
        if version.version_id not in self._hashes:
            self.read_again(version)
        return self._hashes[version.version_id]

    def read_again(self, version: Version) -> str:
        """Return the hash of a version's bytes as they are stored now; none of them are kept."""
        answer = self._get("get_object", version)
        found = hashlib.sha256()
        with translated(self._reading(version)):
            for part in answer["Body"].iter_chunks(_PART):
                found.update(part)
        self._hashes[version.version_id] = found.hexdigest()
        return self._hashes[version.version_id]

    def origin(self, version: Version) -> Origin | None:
        """Return what a version is a copy of; None if it is none."""
        if version.version_id not in self._origins:
            said: Mapping[str, str] = self._get("head_object", version).get("Metadata", {})
            found = None
            if all(name in said for name in (SOURCE, VERSION, SHA256)):
                found = Origin(said[SOURCE], said[VERSION], said[SHA256])
            self._origins[version.version_id] = found
        return self._origins[version.version_id]

    def _get(self, operation: str, version: Version) -> Any:
        connection = self.backend.connection
        which = {} if version.version_id == "null" else {"VersionId": version.version_id}
        with translated(self._reading(version)):
            return getattr(connection.s3, operation)(
                Bucket=self.address.bucket,
                Key=self.address.object_key,
                **which,
                **object_headers.for_read(connection.settings),
            )

    def _reading(self, version: Version) -> Call:
        arn = f"arn:aws:s3:::{self.address.bucket}/{self.address.object_key}"
        doing = f"read version {version.version_id} of {self.address.url}"
        action = "s3:GetObject" if version.version_id == "null" else "s3:GetObjectVersion"
        return Call(doing, action, arn)


def metadata_of(source: Entries, version: Version, sha256: str) -> dict[str, str]:
    """Return the metadata of a copy."""
    modified = version.last_modified.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        SOURCE: source.address.url,
        VERSION: version.version_id,
        MODIFIED: modified,
        SHA256: sha256,
    }
