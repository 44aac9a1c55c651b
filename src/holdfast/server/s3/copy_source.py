"""The source of CopyObject and UploadPartCopy: found, checked, and its bytes staged anew.

This runs before the transaction, which therefore waits for no copying.
"""

import hashlib
import re
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from holdfast.aws.checksums import encode, hasher
from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, ObjectVersion
from holdfast.server.judging import Inspector
from holdfast.server.operation import Params, ReceivedBody, Snapshot, Staging, Stream
from holdfast.server.s3.bucket_lookup import source_bucket_of
from holdfast.server.s3.conditions import check_copy_source
from holdfast.server.s3.customer_keys import check_customer_key, customer_key_of
from holdfast.server.s3.found import version_in
from holdfast.server.s3.reading import content, extents
from holdfast.server.s3.sealing import Opened

LARGEST_COPY = 5 * 1024**3  # bytes (API reference: CopyObject)
_RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{1,19})")


class Source(msgspec.Struct, frozen=True):
    """What is copied: a version, and the bytes that are wanted of it."""

    bucket: Bucket
    version: ObjectVersion
    content: bytes | Stream


def parse_copy_source(header: str) -> tuple[str, str, str | None]:
    """Return bucket, key and version id (or None) of `x-amz-copy-source`.

    Raises:
        ServiceError: InvalidArgument.
    """
    path, _, query = header.partition("?")
    try:
        text = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        text = ""
    bucket, _, key = text.removeprefix("/").partition("/")
    if not bucket or not key or (query and not query.startswith("versionId=")):
        raise ServiceError(
            "InvalidArgument",
            "Invalid copy source object key",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=header,
        )
    return bucket, key, query.removeprefix("versionId=") if query else None


def find_source(tx: Snapshot, params: Params) -> Source:
    """Find and check the source of a copy, and open its content.

    Raises:
        ServiceError: NoSuchBucket, NoSuchKey, NoSuchVersion, InvalidRequest (a delete marker, or
            too large), InvalidArgument, PreconditionFailed, AccessDenied or `KMS.<code>`.
    """
    bucket_name, key, version_id = parse_copy_source(params["CopySource"])
    bucket = source_bucket_of(tx, bucket_name, params)
    opened = _source_version(tx, bucket, key, version_id)
    version = opened.version
    customer = customer_key_of(params, "CopySource")
    check_customer_key(version.encryption, customer)
    check_copy_source(version, params)
    start, stop = _wanted(params.get("CopySourceRange"), version.size)
    if stop - start > LARGEST_COPY:
        raise ServiceError(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy "
            f"source: {LARGEST_COPY}",
        )
    return Source(bucket, version, content(tx, extents(tx, opened, customer, start, stop)))


def _source_version(tx: Snapshot, bucket: Bucket, key: str, version_id: str | None) -> Opened:
    try:
        return version_in(tx, bucket, key, version_id, method="GET")
    except ServiceError as error:
        if error.code != "MethodNotAllowed":
            raise
    raise ServiceError(
        "InvalidRequest",
        "The source of a copy request may not specifically refer to a delete marker by version id.",
    )


def _wanted(header: str | None, size: int) -> tuple[int, int]:
    if header is None:
        return 0, size
    found = _RANGE.fullmatch(header)
    if found is None or int(found[1]) > int(found[2]):
        raise ServiceError(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    if int(found[1]) >= size:
        raise ServiceError(
            "InvalidRequest", "The specified copy range is invalid for the source object size"
        )
    if int(found[2]) >= size:
        raise ServiceError(
            "InvalidArgument",
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    return int(found[1]), int(found[2]) + 1


def stage_copy(
    staging: Staging, source: Source, algorithm: str, inspector: Inspector | None = None
) -> ReceivedBody:
    """Write the bytes of a source as a body of its own.

    Args:
        staging: where bodies are written.
        source: what to copy.
        algorithm: the checksum to compute, or nothing.
        inspector: reads along, for the rules.

    Raises:
        CorruptData: the source does not open.
    """
    pieces = (source.content,) if isinstance(source.content, bytes) else source.content.pieces
    writer = staging.body()
    md5 = hashlib.md5(usedforsecurity=False)
    checksum = hasher(algorithm) if algorithm else None
    try:
        for piece in pieces:
            writer.write(piece)
            md5.update(piece)
            if checksum is not None:
                checksum.update(piece)
            if inspector is not None:
                inspector.feed(piece)
        new = writer.finish()
    except BaseException:
        writer.discard()
        raise
    checksums = {algorithm: encode(checksum.digest())} if checksum is not None else {}
    facts = inspector.finish() if inspector is not None else None
    return ReceivedBody(new, md5.digest(), checksums, facts)


def source_version_id(source: Source) -> dict[str, Any]:
    """Return the `CopySourceVersionId` member; a bucket that never had versioning reports none."""
    return {"CopySourceVersionId": source.version.version_id} if source.bucket.versioning else {}
