"""Verifying one version: its seal, every chunk of its bodies, its tag and its checksums."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.aws.checksums import COMPOSITE, Hasher, composite, encode, hasher
from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import Body, read
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Chunk, ObjectVersion, StoredBody
from holdfast.server.operation import Snapshot
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.etags import body_etag, multipart_etag
from holdfast.server.s3.reading import Within
from holdfast.server.s3.sealing import open_version, unwrap


@dataclass(slots=True)
class _Sums:
    """What is computed while a version's bodies are read."""

    whole: Mapping[str, Hasher]
    etags: list[str] = field(default_factory=list)
    parts: list[dict[str, str]] = field(default_factory=list)


def verify_version(
    tx: Snapshot, version: ObjectVersion, progress: Callable[[int], None] = lambda _: None
) -> list[str]:
    """Read a version through and return what is wrong with it, in sentences; nothing if it is whole.

    A body under a customer's key, or under a KMS key that is disabled or gone, cannot be opened
    here; of such a one it is verified that its chunks are there, and nothing is reported.

    Args:
        tx: the view to read in.
        version: what to verify.
        progress: is told the bytes of each piece that was read.
    """
    if version.delete_marker:
        return []
    try:
        envelopes = open_version(tx.site.vault, version)
        bodies = list(_opened(tx, version, envelopes))
        if len(bodies) < len(envelopes):
            return [p for stored in version.stored for p in _missing_chunks(tx, stored, progress)]
        sums = _read(tx, version, bodies, progress)
    except CorruptData as error:
        return [f"{error}."]
    return list(_differences(version, sums))


def _opened(tx: Snapshot, version: ObjectVersion, envelopes: list[bytes]) -> Iterator[Body]:
    if version.encryption.algorithm == CUSTOMER:
        return
    for stored, envelope in zip(version.stored, envelopes, strict=True):
        try:
            yield unwrap(tx, version, stored, envelope, None)
        except ServiceError:
            return  # the KMS key cannot be used; that is its owner's will, not damage


def _missing_chunks(
    tx: Snapshot, stored: StoredBody, progress: Callable[[int], None]
) -> Iterator[str]:
    found = 0
    for chunk in tx.scan(Chunk, stored.id):
        found += 1
        progress(len(chunk.data))
    if found != stored.chunks:
        yield f"body {stored.id.hex()} has {found} of {stored.chunks} chunks."


def _read(
    tx: Snapshot, version: ObjectVersion, bodies: list[Body], progress: Callable[[int], None]
) -> _Sums:
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
        yield f"its ETag is {version.etag}, its content gives {etag}."
    for name, stored in version.checksums.items():
        if version.checksum_type == COMPOSITE:
            actual = composite(name, [part[name] for part in sums.parts])
        else:
            actual = encode(sums.whole[name].digest())
        if actual != stored:
            yield f"its {name} is {stored}, its content gives {actual}."
