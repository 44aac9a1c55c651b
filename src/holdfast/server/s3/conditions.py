"""Conditional requests: on reads by RFC 9110 as AWS applies it, on writes and deletes by AWS."""

from datetime import datetime
from typing import Protocol

from holdfast.aws.errors import ServiceError
from holdfast.aws.timestamps import http_date
from holdfast.engine.records import Object
from holdfast.server.operation import Params


class Conditioned(Protocol):
    """What conditions look at; an `Object` and an `ObjectVersion` both have it."""

    @property
    def etag(self) -> str:
        """Without quotes."""

    @property
    def last_modified(self) -> datetime:
        """In whole seconds."""

    @property
    def size(self) -> int:
        """Bytes."""


def etag_matches(condition: str, etag: str) -> bool:
    """Say whether a list of entity tags, quoted or not, or `*`, includes this one."""
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in condition.split(",")]
    return "*" in tags or etag in tags


def check_read(found: Conditioned, params: Params) -> None:
    """Check If-Match, If-None-Match and the two dates of GetObject and HeadObject.

    An entity tag outranks the date of its kind, as AWS documents for GetObject.

    Raises:
        ServiceError: PreconditionFailed or NotModified.
    """
    match, unmodified = params.get("IfMatch"), params.get("IfUnmodifiedSince")
    if match is not None:
        if not etag_matches(match, found.etag):
            raise ServiceError("PreconditionFailed", Condition="If-Match")
    elif unmodified is not None and found.last_modified > unmodified:
        raise ServiceError("PreconditionFailed", Condition="If-Unmodified-Since")
    none_match, modified = params.get("IfNoneMatch"), params.get("IfModifiedSince")
    if none_match is not None:
        if etag_matches(none_match, found.etag):
            raise _not_modified(found)
    elif modified is not None and found.last_modified <= modified:
        raise _not_modified(found)


def _not_modified(found: Conditioned) -> ServiceError:
    headers = (
        ("ETag", f'"{found.etag}"'),
        ("Last-Modified", http_date(found.last_modified)),
    )
    return ServiceError("NotModified", headers=headers)


def check_copy_source(found: Conditioned, params: Params) -> None:
    """Check the four `x-amz-copy-source-if-*` headers; every failure is a 412.

    Raises:
        ServiceError: PreconditionFailed.
    """
    match, unmodified = params.get("CopySourceIfMatch"), params.get("CopySourceIfUnmodifiedSince")
    if match is not None:
        if not etag_matches(match, found.etag):
            raise ServiceError("PreconditionFailed", Condition="x-amz-copy-source-If-Match")
    elif unmodified is not None and found.last_modified > unmodified:
        raise ServiceError("PreconditionFailed", Condition="x-amz-copy-source-If-Unmodified-Since")
    none_match = params.get("CopySourceIfNoneMatch")
    modified = params.get("CopySourceIfModifiedSince")
    if none_match is not None:
        if etag_matches(none_match, found.etag):
            raise ServiceError("PreconditionFailed", Condition="x-amz-copy-source-If-None-Match")
    elif modified is not None and found.last_modified <= modified:
        raise ServiceError("PreconditionFailed", Condition="x-amz-copy-source-If-Modified-Since")


def check_write(newest: Object | None, params: Params) -> None:
    """Check If-None-Match and If-Match of a write; a delete marker counts as no object.

    Args:
        newest: the key's newest version as this transaction sees it.
        params: of PutObject, CopyObject or CompleteMultipartUpload.

    Raises:
        ServiceError: PreconditionFailed, NoSuchKey (If-Match, and there is no object) or
            NotImplemented (both, If-None-Match with anything but `*`, or If-Match with it).
    """
    match, none_match = params.get("IfMatch"), params.get("IfNoneMatch")
    _check_forms(match, none_match)
    present = newest is not None and not newest.delete_marker
    if none_match is not None and present:
        raise ServiceError("PreconditionFailed", Condition="If-None-Match")
    if match is None:
        return
    if newest is None or newest.delete_marker:
        raise ServiceError("NoSuchKey", Key=params["Key"])
    if not etag_matches(match, newest.etag):
        raise ServiceError("PreconditionFailed", Condition="If-Match")


def _check_forms(match: str | None, none_match: str | None) -> None:
    """Refuse conditions on writes that S3 does not take, in its words."""
    if match is not None and none_match is not None:
        raise ServiceError(
            "NotImplemented",
            Header="If-Match,If-None-Match",
            additionalMessage="Multiple conditional request headers present in the request",
        )
    for header, refused in (
        ("If-Match", match is not None and match.strip() == "*"),
        ("If-None-Match", none_match is not None and none_match.strip() != "*"),
    ):
        if refused:
            raise ServiceError(
                "NotImplemented",
                Header=header,
                additionalMessage=f"We don't accept the provided value of {header} header for "
                "this API",
            )


def check_delete(
    key: str,
    found: Conditioned | None,
    etag: str | None,
    last_modified: datetime | None,
    size: int | None,
) -> None:
    """Check what a delete expects to find.

    Where there is nothing to delete, an entity tag is not met, as S3 answers it; the directory
    buckets' two conditions are (API reference: DeleteObject).

    Args:
        key: what the request names.
        found: what would be deleted; None if there is nothing or a delete marker.
        etag: If-Match.
        last_modified: x-amz-if-match-last-modified-time.
        size: x-amz-if-match-size, bytes.

    Raises:
        ServiceError: PreconditionFailed, or NoSuchKey.
    """
    if found is None:
        if etag is not None:
            raise ServiceError("NoSuchKey", Key=key)
        return
    if etag is not None and not etag_matches(etag, found.etag):
        raise ServiceError("PreconditionFailed", Condition="If-Match")
    if last_modified is not None and found.last_modified != last_modified.replace(microsecond=0):
        raise ServiceError("PreconditionFailed", Condition="x-amz-if-match-last-modified-time")
    if size is not None and found.size != size:
        raise ServiceError("PreconditionFailed", Condition="x-amz-if-match-size")
