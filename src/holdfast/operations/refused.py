"""Writes that a Holdfast server refused, whose bodies it keeps aside: finding, reading, promoting them.

They are ordinary objects of one bucket, `BUCKET/KEY/ID`, so what is asked is S3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from holdfast.client import object_headers, reading
from holdfast.client.backend import Backend
from holdfast.client.connect import Connection
from holdfast.client.errors import NoSuchState, NotHoldfast, ServiceFailed
from holdfast.client.locking import HeldLock
from holdfast.client.stored import StoredState, Written
from holdfast.client.translate import Call, code_of, status_of, translated
from holdfast.operations.fetching import in_parallel
from holdfast.operations.with_leave import with_leave
from holdfast.terraform.statefile import Header, header_if_readable, with_serial

BUCKET = "holdfast-refused"
OPERATION = "promote"  # what others read who wait for the lock
_TIME = "%Y%m%dT%H%M%S.%fZ"  # with which ids begin


class NoSuchRefused(NoSuchState):
    """Nothing that was refused is kept under this id."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A write that was refused, and whose body is kept.

    Attributes:
        id: names it.
        aside: its key in the bucket of refused writes.
        bucket: where it was meant to go,
        key: and under which key; None if that is not known any more.
        at: when it was refused; None if its id does not say.
        size: of the body, in bytes.
        rule: that refused it.
        reason: what was compared, in a sentence.
        principal: the ARN of whose it was.
        serial: of the state, if it is one.
        lineage: of the state.
    """

    id: str
    aside: str
    bucket: str
    key: str | None
    at: datetime | None
    size: int
    rule: str = ""
    reason: str = ""
    principal: str = ""
    serial: int | None = None
    lineage: str = ""

    @property
    def url(self) -> str:
        """The state that it was meant for."""
        return f"s3://{self.bucket}/{self.key or ''}"


@dataclass(frozen=True)
class Promotion:
    """What promoting a refused write would do, as long as the lock is held."""

    refused: Refused
    body: bytes = field(repr=False)  # as it will be written
    header: Header | None  # of that; None if it is no readable state
    present: StoredState | None  # what is there now
    leave: bool  # whether it needs leave that rules forbid it without


def listed(connection: Connection, bucket: str = "", key: str = "") -> Iterator[Refused]:
    """Yield what is kept, in no order.

    Args:
        connection: to a Holdfast server.
        bucket: only what was meant for this bucket.
        key: only what was meant for this key of it.

    Raises:
        NotHoldfast: it is AWS.
    """
    prefix = f"{bucket}/{key}/" if key else bucket and f"{bucket}/"
    found = _found(connection, prefix)
    for one in in_parallel(lambda each: _described(connection, each), found):
        if one is not None and (not key or one.key == key):
            yield one


def find(connection: Connection, name: str) -> Refused:
    """Return what has an id, or a beginning of one that no other has; or the whole key.

    By a whole key those find it too who may not list everything.

    Raises:
        NotHoldfast: it is AWS.
        NoSuchRefused: nothing has, or several have.
    """
    prefix = name if "/" in name else ""
    exact, begun = [], []
    for entry in _found(connection, prefix):
        id_ = entry["Key"].rpartition("/")[2]
        if name in (id_, entry["Key"]):
            exact.append(entry)
        elif id_.startswith(name):
            begun.append(entry)
    meant = exact or begun
    if len(meant) != 1:
        raise NoSuchRefused(
            f"{len(meant)} refused writes have ids that begin with {name}"
            if meant
            else f"no refused write with the id {name} is kept",
            "See what is kept: holdfast refused list",
        )
    described = _described(connection, meant[0])
    if described is None:
        raise NoSuchRefused(f"the refused write {name} is gone", "")
    return described


def body_of(connection: Connection, refused: Refused) -> bytes:
    """Return what was to be written.

    Raises:
        NoSuchRefused: it is gone.
    """
    from botocore.exceptions import ClientError

    options = object_headers.for_read(connection.settings)
    with translated(_call("read", "s3:GetObject", refused.aside)):
        try:
            return _get(connection, refused.aside, options)
        except ClientError as error:
            if options and status_of(error) == 400:  # it is not under the customer's key
                return _get(connection, refused.aside, {})
            if code_of(error) in {"NoSuchKey", "NoSuchBucket"}:
                raise NoSuchRefused(f"the refused write {refused.id} is gone", "") from error
            raise


def prepare(backend: Backend, refused: Refused) -> Promotion:
    """Find out what promoting would do.

    Args:
        backend: of the state that it was meant for, whose lock is held.
        refused: what was refused.

    Raises:
        NoSuchRefused: it is gone.
    """
    body = body_of(backend.connection, refused)
    present = reading.present(backend.connection, backend.address)
    said = header_if_readable(body)
    before = header_if_readable(present.body) if present is not None else None
    if said is not None and before is not None and said.format in ("v3", "v4"):
        body = with_serial(body, max(said.serial, before.serial) + 1)
        said = header_if_readable(body)
    return Promotion(refused, body, said, present, _needs_leave(before, said))


def promote(backend: Backend, plan: Promotion, held: HeldLock) -> Written:
    """Write it, with a serial that is newer than what is there.

    What needs leave gets it, if whoever asks may give it.

    Raises:
        HoldfastError: it could not be written, or the leave not be given.
    """

    def write() -> Written:
        return backend.write(plan.body, held=held, force=True)

    reason = f"promotion of the refused write {plan.refused.id}"
    return with_leave(backend.connection, backend.address, reason, write)


def _needs_leave(before: Header | None, said: Header | None) -> bool:
    """Say whether the usual rules refuse it even with the lock: another lineage over resources."""
    if before is None or before.format == "empty":
        return False
    if said is None:
        return True
    foreign = bool(said.lineage and before.lineage) and said.lineage != before.lineage
    return foreign and (before.resources > 0 or before.format == "encrypted")


def _found(connection: Connection, prefix: str) -> Iterator[Mapping[str, Any]]:
    from botocore.exceptions import ClientError

    if connection.is_aws:  # where a bucket of this name may be anybody's
        raise NotHoldfast(
            "AWS refuses no write of a state for what it is, so none is kept",
            "Give the address of a Holdfast server: --endpoint URL.",
        )
    with translated(_call("list", "s3:ListBucket", "")):
        try:
            pages = connection.s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=BUCKET, Prefix=prefix):
                yield from page.get("Contents", [])
        except ClientError as error:
            if code_of(error) != "NoSuchBucket":  # it is made when it is first needed
                raise


def _described(connection: Connection, entry: Mapping[str, Any]) -> Refused | None:
    """Return what is known of an entry of the listing; None if it is gone."""
    aside = entry["Key"]
    bucket, _, rest = aside.partition("/")
    folder, _, id_ = rest.rpartition("/")
    said = _metadata(connection, aside)
    if said is None:
        return None
    serial = said.get("serial", "")
    return Refused(
        id=id_,
        aside=aside,
        bucket=bucket,
        key=said.get("key", None if folder.startswith("sha256-") else folder),
        at=_time_of(id_),
        size=entry["Size"],
        rule=said.get("rule", ""),
        reason=said.get("reason", ""),
        principal=said.get("principal", ""),
        serial=int(serial) if serial.isdecimal() else None,
        lineage=said.get("lineage", ""),
    )


def _metadata(connection: Connection, aside: str) -> dict[str, str] | None:
    """Return what is noted with a body; nothing of one under a key that is not at hand."""
    from botocore.exceptions import ClientError

    options = object_headers.for_read(connection.settings)
    for given in (options, {}) if options else ({},):
        with translated(_call("look at", "s3:GetObject", aside)):
            try:
                answer = connection.s3.head_object(Bucket=BUCKET, Key=aside, **given)
            except ClientError as error:
                if status_of(error) == 404:
                    return None
                if status_of(error) == 400:
                    continue
                raise
        return {name: unquote(value) for name, value in answer["Metadata"].items()}
    return {}


def _get(connection: Connection, aside: str, options: Mapping[str, Any]) -> bytes:
    content = connection.s3.get_object(Bucket=BUCKET, Key=aside, **options)["Body"].read()
    if not isinstance(content, bytes):
        raise ServiceFailed(f"cannot read {BUCKET}/{aside}")
    return content


def _time_of(id_: str) -> datetime | None:
    try:
        return datetime.strptime(id_.partition("-")[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _call(doing: str, action: str, aside: str) -> Call:
    what = f"s3://{BUCKET}/{aside}" if aside else "the refused writes"
    return Call(
        f"{doing} {what}", action, f"arn:aws:s3:::{BUCKET}" + (f"/{aside}" if aside else "")
    )
