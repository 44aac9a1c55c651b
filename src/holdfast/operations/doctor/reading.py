"""A close look at one state: its newest bytes, what it is encrypted with, and its older versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.client import object_headers
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.headers import Headers, Which
from holdfast.client.translate import Call, code_of, translated
from holdfast.operations.doctor.secrets import telling_outputs
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import digest_of
from holdfast.terraform.statefile import Header, UnreadableState, header, parse

_GONE = {"NoSuchKey", "NoSuchVersion", "404"}


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """A version of an object as a listing shows it."""

    id: str | None  # "null" for one written without versioning; None if versions cannot be listed
    written: datetime
    size: int  # bytes
    etag: str
    latest: bool = False
    marker: bool = False  # a deletion


@dataclass(frozen=True, slots=True)
class Older:
    """An older version of a state."""

    version: VersionSeen
    header: Header | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one state.

    Attributes:
        address: the state.
        versions: all of the object, newest first, deletions among them.
        digest: the MD5 of the newest bytes; None if the state is deleted or cannot be read.
        header: of the newest bytes.
        unreadable: why they are no state.
        secrets: outputs that look like secrets and are not marked as sensitive.
        unknown: why they could not be fetched.
        encryption: as S3 names it (`AES256`, `aws:kms`), `customer` or empty.
        older: the versions before, newest first, as many as were asked for.
    """

    address: StateAddress
    versions: tuple[VersionSeen, ...]
    digest: str | None = None
    header: Header | None = None
    unreadable: str = ""
    secrets: tuple[str, ...] = ()
    unknown: str = ""
    encryption: str = ""
    older: tuple[Older, ...] = ()

    @property
    def newest(self) -> VersionSeen:
        """The newest version, which may be a deletion."""
        return self.versions[0]

    @property
    def deleted(self) -> bool:
        """Whether the newest version is a deletion."""
        return self.newest.marker


def look_at(
    connection: Connection,
    address: StateAddress,
    versions: tuple[VersionSeen, ...],
    headers: Headers,
    history: int,
) -> Look:
    """Look at one state.

    Args:
        connection: the services.
        address: the state.
        versions: of its object, newest first.
        headers: reads the older ones.
        history: how many of those to read.
    """
    older = _older(address, versions, headers, history)
    if versions[0].marker:
        return Look(address, versions, older=older)
    try:
        answer = get(connection, address)
    except HoldfastError as problem:
        return Look(address, versions, unknown=problem.happened, older=older)
    if answer is None:  # deleted since the listing
        return Look(address, versions, unknown="it was deleted while we looked", older=older)
    body: bytes = answer["body"]
    digest, encryption = digest_of(body), _encryption(answer)
    try:
        top = header(body)
        secrets = tuple(telling_outputs(parse(body)))
    except UnreadableState as bad:
        return Look(
            address, versions, digest, unreadable=str(bad), encryption=encryption, older=older
        )
    return Look(address, versions, digest, top, "", secrets, "", encryption, older)


def get(
    connection: Connection, address: StateAddress, version_id: str | None = None
) -> dict[str, Any] | None:
    """Return the answer of GetObject with its `body`, or None if there is no such object.

    Raises:
        HoldfastError: it cannot be read.
    """
    from botocore.exceptions import ClientError

    which: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    arn = f"arn:aws:s3:::{address.bucket}/{address.object_key}"
    with translated(Call(f"read {address.url}", "s3:GetObject", arn)):
        try:
            answer = connection.s3.get_object(
                Bucket=address.bucket,
                Key=address.object_key,
                **which,
                **object_headers.for_read(connection.settings),
            )
            return {**answer, "body": answer["Body"].read()}
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise


def _encryption(answer: dict[str, Any]) -> str:
    if answer.get("SSECustomerAlgorithm"):
        return "customer"
    return str(answer.get("ServerSideEncryption", ""))


def _older(
    address: StateAddress, versions: Sequence[VersionSeen], headers: Headers, history: int
) -> tuple[Older, ...]:
    """Read the headers of older versions, which were read and remembered before if we are lucky."""
    wanted = [one for one in versions[1:] if not one.marker and one.id][:history]
    asked = (Which(address.object_key, one.id, one.etag) for one in wanted)
    found = headers.read_all(asked, workers=2) if wanted else iter(())
    return tuple(
        Older(version, said.header, said.problem)
        for version, said in zip(wanted, found, strict=True)
    )
