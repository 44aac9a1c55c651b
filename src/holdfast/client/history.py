"""The versions of a state, newest first, with serial, lineage and counts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, tee
from typing import Any

from holdfast.client import listing
from holdfast.client.connect import Connection
from holdfast.client.headers import Found, Headers, Which
from holdfast.client.version_order import in_order
from holdfast.terraform.address import StateAddress


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a state, or a deletion of it.

    What the state itself says is None for a deletion, where it was not asked for, and where the version
    cannot be read; `problem` then says why.
    """

    address: StateAddress
    version_id: str  # "null" where the bucket keeps no versions
    last_modified: datetime
    is_latest: bool
    delete_marker: bool
    size: int = 0  # bytes
    etag: str = ""
    serial: int | None = None
    lineage: str | None = None
    resources: int | None = None
    outputs: int | None = None
    terraform_version: str | None = None
    format: str | None = None
    problem: str = ""


def history(
    connection: Connection,
    address: StateAddress,
    headers: Headers | None,
    limit: int | None = None,
) -> Iterator[Version]:
    """Yield the versions of a state, newest first.

    Args:
        connection: the services.
        address: the state.
        headers: reads what the states themselves say; None to leave it out, which is one request per
            thousand versions.
        limit: yield so many at most, and read no more; all if None.

    Raises:
        HoldfastError: the versions cannot be listed.
    """
    listed = islice(_listed(connection, address), limit)
    if headers is None:
        yield from listed
        return
    versions, asked = tee(listed)
    bodies = (_which(version) for version in asked if _has_body(version))
    found = headers.read_all(bodies)
    try:
        for version in versions:
            yield _with(version, next(found)) if _has_body(version) else version
    finally:
        close = getattr(found, "close", None)
        if close:
            close()


def _has_body(version: Version) -> bool:
    return not version.delete_marker


def _which(version: Version) -> Which:
    return Which(version.address.object_key, version.version_id, version.etag)


def _with(version: Version, found: Found) -> Version:
    if found.header is None:
        return replace(version, problem=found.problem)
    said = found.header
    return replace(
        version,
        serial=said.serial,
        lineage=said.lineage,
        resources=said.resources,
        outputs=said.outputs,
        terraform_version=said.terraform_version,
        format=said.format,
    )


def _listed(connection: Connection, address: StateAddress) -> Iterator[Version]:
    key = address.object_key
    for page in listing.version_pages(connection, key):
        for entry, deletion in in_order(page):
            if entry["Key"] == key:
                yield version_of(address, entry, deletion=deletion)
        if page.get("NextKeyMarker", key) > key:
            break  # keys that only begin with ours, such as the lock file


def version_of(address: StateAddress, entry: Any, *, deletion: bool) -> Version:
    """Return a version as a listing shows it.

    Args:
        address: of the state.
        entry: of an answer to ListObjectVersions.
        deletion: whether it is one.
    """
    return Version(
        address=address,
        version_id=entry["VersionId"],
        last_modified=entry["LastModified"],
        is_latest=entry["IsLatest"],
        delete_marker=deletion,
        size=entry.get("Size", 0),
        etag=entry.get("ETag", ""),
    )
