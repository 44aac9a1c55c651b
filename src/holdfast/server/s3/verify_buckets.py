"""Verifying what stands around bodies: each key's chain of versions, buckets, uploads, stray bodies."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from holdfast.engine.packed_verify import wrong_links
from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.records import Bucket, Object, ObjectVersion, Part, Upload
from holdfast.engine.verify import stray_bodies, waiting_bodies, walk
from holdfast.server.background import own_view
from holdfast.server.operation import Site, Snapshot
from holdfast.server.problem import RESTORE, Problem, Unopened, command
from holdfast.server.s3 import versions
from holdfast.server.s3.verify import verify_part, verify_version
from holdfast.server.s3.version_ids import NULL

_STRAY = (
    "If nothing else is reported, it only takes space. If an object is missing, restore the newest "
    "backup into a new directory: holdfast restore-backup FILE --data NEW-DIR"
)


def verify_bodies(
    engine: Engine, site: Site, now: datetime, unopened: Unopened, read: Callable[[int], None]
) -> Iterator[Problem]:
    """Yield what is wrong with the versions and parts that are stored, and their bytes.

    Args:
        engine: open for reading.
        site: with the vault of this data.
        now: for the context of the views.
        unopened: counts what could not be opened.
        read: is told the bytes of each piece that was read.
    """
    for version in walk(engine, ObjectVersion):
        for problem in own_view(engine, site, now, _version(version, unopened, read)):
            yield Problem(_named(version), problem, _other_versions(version))
    uploads = {upload.upload_id: upload for upload in walk(engine, Upload)}
    for part in walk(engine, Part):
        upload = uploads.get(part.upload_id)
        yield from own_view(engine, site, now, _part(part, upload, unopened, read))


def _version(
    version: ObjectVersion, unopened: Unopened, read: Callable[[int], None]
) -> Callable[[Snapshot], list[str]]:
    def work(tx: Snapshot) -> list[str]:
        # It may have gone, or have been replaced, since it was listed.
        current = tx.get(ObjectVersion, version.bucket, version.key, version.order)
        return [] if current is None else verify_version(tx, current, unopened, read)

    return work


def _part(
    part: Part, listed: Upload | None, unopened: Unopened, read: Callable[[int], None]
) -> Callable[[Snapshot], list[Problem]]:
    def work(tx: Snapshot) -> list[Problem]:
        current = tx.get(Part, part.upload_id, part.number)
        if current is None:
            return []
        # One that began since they were listed is looked for.
        upload = listed or next(
            (found for found in tx.scan(Upload) if found.upload_id == part.upload_id), None
        )
        if upload is None:
            where = f"part {part.number} of the upload {part.upload_id}"
            return [Problem(where, "the upload that it belongs to is gone", _STRAY)]
        where = f"{upload.bucket}/{upload.key}, part {part.number} of an upload under way"
        todo = "Upload the part again, or abort the upload: " + command(
            *("aws", "s3api", "abort-multipart-upload", "--bucket", upload.bucket),
            *("--key", upload.key, "--upload-id", upload.upload_id),
        )
        found = verify_part(tx, current, upload, unopened, read)
        return [Problem(where, problem, todo) for problem in found]

    return work


def _named(version: ObjectVersion) -> str:
    return f"{version.bucket}/{version.key}, version {version.version_id}"


def _other_versions(version: ObjectVersion) -> str:
    listing = command(
        *("aws", "s3api", "list-object-versions", "--bucket", version.bucket),
        *("--prefix", version.key),
    )
    return (
        f"Look for a version that is whole: {listing}. Or restore a backup: "
        + RESTORE.partition(": ")[2]
    )


def verify_chains(engine: Engine) -> Iterator[Problem]:
    """Yield the keys whose versions do not fit together, or whose bucket is gone."""
    previous: tuple[str, str] | None = None
    for version in walk(engine, ObjectVersion):
        at = (version.bucket, version.key)
        if at != previous:
            previous = at
            try:
                yield from engine.view(_chain(*at))
            except CorruptData as error:
                yield Problem(f"{version.bucket}/{version.key}", f"its versions: {error}")
    for known in walk(engine, Object):
        yield from engine.view(_without_version(known))
    for upload in walk(engine, Upload):
        yield from engine.view(_without_bucket(upload.bucket, f"{upload.bucket}/{upload.key}"))


def _chain(bucket: str, key: str) -> Callable[[Reader], list[Problem]]:
    where = f"{bucket}/{key}"

    def work(tx: Reader) -> list[Problem]:
        newest = next(tx.scan(ObjectVersion, bucket, key, limit=1), None)
        if newest is None:
            return []  # deleted meanwhile
        problems = _without_bucket(bucket, where)(tx)
        known = tx.get(Object, bucket, key)
        if known is None:
            return [*problems, Problem(where, "it has versions, but no record of the newest")]
        nulls = (v.order for v in tx.scan(ObjectVersion, bucket, key) if v.version_id == NULL)
        expected = versions.pointer(newest, next(nulls, None))
        wrong = [
            name
            for name in msgspec.structs.asdict(known)
            if getattr(known, name) != getattr(expected, name)
        ]
        if wrong:
            what = f"listings say another {', '.join(wrong)} of it than its newest version has"
            problems.append(Problem(where, what))
        return problems

    return work


def _without_version(known: Object) -> Callable[[Reader], list[Problem]]:
    def work(tx: Reader) -> list[Problem]:
        if tx.get(Object, known.bucket, known.key) is None:
            return []
        if next(tx.scan(ObjectVersion, known.bucket, known.key, limit=1), None) is not None:
            return []
        where = f"{known.bucket}/{known.key}"
        return [Problem(where, f"its version {known.version_id} is gone")]

    return work


def _without_bucket(bucket: str, where: str) -> Callable[[Reader], list[Problem]]:
    def work(tx: Reader) -> list[Problem]:
        if tx.get(Bucket, bucket) is not None:
            return []
        return [Problem(where, f"the bucket {bucket} that it is in is gone")]

    return work


def verify_links(tx: Reader) -> Iterator[Problem]:
    """Yield the bodies that nothing refers to, and those that are to be removed though they are used.

    Args:
        tx: one view of everything.
    """
    linked: dict[bytes, str] = {}
    for version in tx.scan(ObjectVersion):
        linked |= dict.fromkeys((body.id for body in version.stored), _named(version))
    for part in tx.scan(Part):
        linked[part.stored.id] = f"part {part.number} of the upload {part.upload_id}"
    for body_id in sorted(waiting_bodies(tx) & linked.keys()):
        what = f"its body {body_id.hex()} is marked for removal; it will be lost"
        yield Problem(linked[body_id], what, "Stop the server, and copy what is still whole.")
    for body_id, what in wrong_links(tx):
        where = linked.get(body_id, "")
        named = f"body {body_id.hex()}" + (f" of {where}" if where else "")
        yield Problem(named, what, _STRAY)
    for body_id in stray_bodies(tx, set(linked)):
        yield Problem(f"body {body_id.hex()}", "it is stored, and nothing refers to it", _STRAY)
