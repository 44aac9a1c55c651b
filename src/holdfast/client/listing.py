"""What is in a bucket: workspaces of a key, all states, all versions, as its listings show them.

Source of how workspaces are found: Workspaces and keyEnv in Terraform's
`internal/backend/remote-state/s3/backend_state.go`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied
from holdfast.client.translate import Call, translated
from holdfast.client.version_order import in_order
from holdfast.terraform.address import (
    DEFAULT_WORKSPACE,
    LOCK_FILE_SUFFIX,
    WORKSPACE_KEY_PREFIX,
    StateAddress,
    address_of,
)

STATE_SUFFIX = ".tfstate"


@dataclass(frozen=True, slots=True)
class StateListing:
    """A state as a listing of the bucket shows it."""

    address: StateAddress
    size: int  # bytes
    last_modified: datetime
    etag: str
    lock_file: bool  # whether a lock file lies beside it


def workspaces(connection: Connection, key: str) -> list[str]:
    """Return the workspaces that have a state at a key, `default` first, as Terraform lists them.

    Raises:
        HoldfastError: the bucket cannot be listed.
    """
    settings = connection.settings
    prefix = f"{settings.workspace_key_prefix}/" if settings.workspace_key_prefix else ""
    found: set[str] = set()
    try:
        for entry in objects(connection, prefix):
            name, slash, rest = entry["Key"][len(prefix) :].partition("/")
            if name and slash and rest == key:
                found.add(name)
    except AccessDenied:
        # Terraform goes on without a listing, if the prefix is the usual one.
        if settings.workspace_key_prefix != WORKSPACE_KEY_PREFIX:
            raise
    return [DEFAULT_WORKSPACE, *sorted(found - {DEFAULT_WORKSPACE})]


def states(connection: Connection, prefix: str = "") -> Iterator[StateListing]:
    """Yield the states below a prefix, in the order of their object keys.

    A state is an object whose key ends in `.tfstate`, or in the last part of the settings' own key.

    Args:
        connection: the services.
        prefix: of the object keys; a workspace's begin with `env:/`.

    Raises:
        HoldfastError: the bucket cannot be listed.
    """
    before: Any = (
        None  # a lock file directly follows its state, unless other keys begin with it too
    )
    pending: list[Any] = []
    for entry in objects(connection, prefix):
        key = entry["Key"]
        if pending and not key.startswith(before["Key"]):
            yield from _listed(connection, pending)
            pending = []
        if not pending:
            before = entry
        pending.append(entry)
    yield from _listed(connection, pending)


def _listed(connection: Connection, entries: list[Any]) -> Iterator[StateListing]:
    settings = connection.settings
    own = settings.key.rpartition("/")[2]
    locked = {entry["Key"] for entry in entries if entry["Key"].endswith(LOCK_FILE_SUFFIX)}
    for entry in entries:
        key = entry["Key"]
        if not (key.endswith(STATE_SUFFIX) or (own and key.rpartition("/")[2] == own)):
            continue
        yield StateListing(
            address_of(settings.bucket, key, settings.workspace_key_prefix),
            entry["Size"],
            entry["LastModified"],
            entry.get("ETag", ""),
            key + LOCK_FILE_SUFFIX in locked,
        )


def objects(connection: Connection, prefix: str = "") -> Iterator[Any]:
    """Yield the entries of ListObjectsV2 below a prefix, a thousand per request.

    Raises:
        HoldfastError: the bucket cannot be listed.
    """
    bucket = connection.settings.bucket
    call = Call(f"list s3://{bucket}/{prefix}", "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    pages = connection.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    answers = iter(pages)
    while True:
        with translated(call):
            page: Any = next(answers, None)
        if page is None:
            return
        yield from page.get("Contents", [])


def versions(connection: Connection, prefix: str = "") -> Iterator[tuple[Any, bool]]:
    """Yield the entries of ListObjectVersions below a prefix, and whether each is a deletion.

    They come by key, the newest of each first.

    Raises:
        HoldfastError: the versions cannot be listed.
    """
    for page in version_pages(connection, prefix):
        yield from in_order(page)


def version_pages(connection: Connection, prefix: str) -> Iterator[Any]:
    """Yield the answers to ListObjectVersions below a prefix, each with a thousand entries at most.

    Raises:
        HoldfastError: the versions cannot be listed.
    """
    bucket = connection.settings.bucket
    call = Call(
        f"list the versions of s3://{bucket}/{prefix}",
        "s3:ListBucketVersions",
        f"arn:aws:s3:::{bucket}",
    )
    pages = connection.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix
    )
    answers = iter(pages)
    while True:
        with translated(call):
            page: Any = next(answers, None)
        if page is None:
            return
        yield page
