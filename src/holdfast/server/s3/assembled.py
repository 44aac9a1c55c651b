"""What the rules want to know of the body that an upload in parts is about to become.

It is read before the transaction, which therefore waits for no reading.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Encryption, ObjectVersion, Part, Upload
from holdfast.server.operation import Params, Snapshot, Staging
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.reading import content, extents
from holdfast.server.s3.sealing import Opened, open_part

ASSEMBLED = "@Assembled"


class Assembled(msgspec.Struct, frozen=True):
    """The parts that were read, and what was found in them."""

    etags: tuple[str, ...] = ()
    md5: str = ""  # of the whole, hexadecimal; empty: not known
    facts: Any = None


NOTHING = Assembled()


def inspect_parts(staging: Staging, params: Params) -> Params:
    """Read the parts that a request lists, if the rules want to know of them."""
    listed: Sequence[Mapping[str, Any]] = params.get("MultipartUpload", {}).get("Parts", [])
    numbers = {item.get("PartNumber", 0) for item in listed}
    bucket, key = params["Bucket"], params["Key"]

    def found(tx: Snapshot) -> tuple[Upload | None, list[Part]]:
        upload = tx.get(Upload, bucket, key, params["UploadId"])
        parts = tx.scan(Part, params["UploadId"]) if upload else ()
        return upload, [part for part in parts if part.number in numbers]

    upload, parts = staging.view(found)
    if upload is None or upload.encryption.algorithm == CUSTOMER:
        return params
    inspector = staging.rules.inspector(bucket, key, sum(part.size for part in parts))
    if inspector is None:
        return params
    try:
        body = staging.view(lambda tx: _content(tx, upload, parts))
    except ServiceError:
        return params  # the operation itself says what is wrong
    md5 = hashlib.md5(usedforsecurity=False)
    for piece in (body,) if isinstance(body, bytes) else body.pieces:
        md5.update(piece)
        inspector.feed(piece)
    etags = tuple(part.etag for part in parts)
    return {**params, ASSEMBLED: Assembled(etags, md5.hexdigest(), inspector.finish())}


def _content(tx: Snapshot, upload: Upload, parts: Sequence[Part]) -> Any:
    version = as_version(upload, parts)
    envelopes = [open_part(tx.site.vault, part) for part in parts]
    return content(tx, extents(tx, Opened(version, envelopes), None, 0, version.size))


def as_version(upload: Upload, parts: Sequence[Part]) -> ObjectVersion:
    """Return what is to be read, as far as reading looks at it."""
    encryption: Encryption = upload.encryption
    return ObjectVersion(
        bucket=upload.bucket,
        key=upload.key,
        order=0,
        version_id="",
        size=sum(part.size for part in parts),
        last_modified=upload.initiated,
        encryption=encryption,
        stored=tuple(part.stored for part in parts),
    )
