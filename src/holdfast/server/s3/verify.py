"""Verifying bodies: the seal of a version or part, every chunk, its length, its tags and checksums."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.aws.checksums import COMPOSITE, Hasher, composite, encode, hasher
from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import Body, read
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Chunk, ObjectVersion, Packed, Part, StoredBody, Upload
from holdfast.server.operation import Snapshot
from holdfast.server.problem import Unopened
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.etags import body_etag, multipart_etag
from holdfast.server.s3.reading import Within
from holdfast.server.s3.sealing import open_part, open_version, unwrap

_TAG_BYTES = 16  # that encryption adds to a chunk

Read = Callable[[int], None]


@dataclass(slots=True)
class _Sums:
    """What is computed while a version's bodies are read."""

    whole: Mapping[str, Hasher]
    etags: list[str] = field(default_factory=list)
    parts: list[dict[str, str]] = field(default_factory=list)


def verify_version(
    tx: Snapshot, version: ObjectVersion, unopened: Unopened, progress: Read = lambda _: None
) -> list[str]:
    """Read a version through and return what is wrong with it, in sentences; nothing if it is whole.

    A body under a customer's key, or under a KMS key that is disabled or gone, cannot be opened
    here; of such a one the chunks are measured, and it is counted.

    Args:
        tx: the view to read in.
        version: what to verify.
        unopened: counts what could not be opened.
        progress: is told the bytes of each piece that was read.
    """
    if version.delete_marker:
        return ["it is a delete marker with content"] if version.stored else []
    try:
        return _verified(tx, version, open_version(tx.site.vault, version), unopened, progress)
    except CorruptData as error:
        return [str(error)]


def verify_part(
    tx: Snapshot, part: Part, upload: Upload, unopened: Unopened, progress: Read = lambda _: None
) -> list[str]:
    """Do the same for a part of an upload under way."""
    alone = ObjectVersion(
        bucket=upload.bucket,
        key=upload.key,
        order=0,
        version_id="",
        size=part.size,
        etag=part.etag,
        last_modified=part.last_modified,
        checksums=part.checksums,
        encryption=upload.encryption,
        stored=(part.stored,),
    )
    try:
        envelope = open_part(tx.site.vault, part)
        return _verified(tx, alone, [envelope], unopened, progress)
    except CorruptData as error:
        return [str(error)]


def _verified(
    tx: Snapshot,
    version: ObjectVersion,
    envelopes: Sequence[bytes],
    unopened: Unopened,
    progress: Read,
) -> list[str]:
    superfluous = [p for stored in version.stored for p in _superfluous_chunks(tx, stored)]
    bodies = list(_opened(tx, version, envelopes, unopened))
    if len(bodies) < len(envelopes):
        measured = (_measured(tx, stored, progress) for stored in version.stored)
        return [*superfluous, *(problem for found in measured for problem in found)]
    sums = _read(tx, version, bodies, progress)
    return [*superfluous, *_differences(version, sums)]


def _opened(
    tx: Snapshot, version: ObjectVersion, envelopes: Sequence[bytes], unopened: Unopened
) -> Iterator[Body]:
    if version.encryption.algorithm == CUSTOMER:
        unopened["under a key of the customer's"] += 1
        return
    for stored, envelope in zip(version.stored, envelopes, strict=True):
        try:
            yield unwrap(tx, version, stored, envelope, None)
        except ServiceError as error:
            # The KMS key cannot be used: that is its owner's will, not damage.
            unopened[f"under {version.encryption.kms_key_arn} ({error.code})"] += 1
            return


def _superfluous_chunks(tx: Snapshot, stored: StoredBody) -> Iterator[str]:
    extra = sum(1 for _ in tx.scan(Chunk, stored.id, start=(stored.chunks,)))
    negative = next(tx.scan(Chunk, stored.id, after=(0,), limit=1, reverse=True), None)
    if extra or negative:
        yield f"body {stored.id.hex()} has more chunks than the {stored.chunks} it was written with"


def _measured(tx: Snapshot, stored: StoredBody, progress: Read) -> Iterator[str]:
    if tx.get(Packed, stored.id) is not None:
        return  # its size stands inside what cannot be opened
    found, size = 0, 0
    for chunk in tx.scan(Chunk, stored.id, start=(0,)):
        if chunk.number < stored.chunks:
            found += 1
            size += len(chunk.data) - _TAG_BYTES
            progress(len(chunk.data))
    if found != stored.chunks:
        yield f"body {stored.id.hex()} has {found} of {stored.chunks} chunks"
    elif size != stored.size:
        yield f"body {stored.id.hex()} has {size} bytes, it was written with {stored.size}"


def _read(tx: Snapshot, version: ObjectVersion, bodies: Sequence[Body], progress: Read) -> _Sums:
    sums = _Sums({name: hasher(name) for name in version.checksums})
    composed = version.checksum_type == COMPOSITE
    for body in bodies:
        md5 = hashlib.md5(usedforsecurity=False)
        part = {name: hasher(name) for name in version.checksums} if composed else {}
        for piece in read(Within(tx), body, 0, body.size):
            md5.update(piece)
            for running in (*sums.whole.values(), *part.values()):
                running.update(piece)
            progress(len(piece))
        sums.etags.append(body_etag(version.encryption, body.id, md5.digest()))
        sums.parts.append({name: encode(running.digest()) for name, running in part.items()})
    return sums


def _differences(version: ObjectVersion, sums: _Sums) -> Iterator[str]:
    etag = multipart_etag(sums.etags) if version.parts else sums.etags[0]
    if etag != version.etag:
        yield f"its ETag is {version.etag}, its content gives {etag}"
    for name, stored in version.checksums.items():
        if version.checksum_type == COMPOSITE:
            actual = composite(name, [part[name] for part in sums.parts])
        else:
            actual = encode(sums.whole[name].digest())
        if actual != stored:
            yield f"its {name} is {stored}, its content gives {actual}"
