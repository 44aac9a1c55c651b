"""Making a version of one received body: what PutObject and CopyObject have in common."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.aws.checksums import FULL_OBJECT
from holdfast.engine.bodies import link
from holdfast.engine.records import Bucket, Object, ObjectVersion
from holdfast.server.operation import ReceivedBody, Transaction
from holdfast.server.s3 import versions
from holdfast.server.s3.encryption import Choice
from holdfast.server.s3.etags import body_etag
from holdfast.server.s3.object_changes import changed
from holdfast.server.s3.sealing import named, seal_version, wrap


class Description(msgspec.Struct, frozen=True):
    """What is kept with the bytes of an object."""

    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    storage_class: str
    tags: Mapping[str, str] = {}


def store(
    tx: Transaction,
    bucket: Bucket,
    key: str,
    newest: Object | None,
    received: ReceivedBody,
    choice: Choice,
    description: Description,
) -> ObjectVersion:
    """Link a body as the newest version of a key, and return that version.

    Args:
        tx: the transaction of the write; its conditions have been checked.
        bucket: where it goes.
        key: under which key.
        newest: what points at the key's newest version so far.
        received: its bytes.
        choice: its encryption.
        description: what is kept with the bytes.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
    """
    body = link(tx, received.new)
    order, version_id = versions.place(tx, bucket, newest)
    checksums = dict(received.checksums)
    version = ObjectVersion(
        bucket=bucket.name,
        key=key,
        order=order,
        version_id=version_id,
        size=body.size,
        etag=body_etag(choice.encryption, body.id, received.md5),
        last_modified=tx.now.replace(microsecond=0),
        storage_class=description.storage_class,
        headers=dict(description.headers),
        metadata=dict(description.metadata),
        checksums=checksums,
        checksum_type=FULL_OBJECT if checksums else "",
        encryption=choice.encryption,
        stored=(named(body),),
        tags=dict(description.tags),
    )
    envelope = wrap(tx, choice, bucket.name, key, body)
    version = seal_version(tx.site.vault, version, [envelope])
    versions.add(tx, version, newest)
    changed(tx, version, bucket.name, key, received.md5.hex(), received.facts)
    return version


def reported_checksums(checksums: Mapping[str, str], checksum_type: str) -> dict[str, Any]:
    """Return checksums as members of a result; none gives none."""
    result: dict[str, Any] = {f"Checksum{name}": value for name, value in checksums.items()}
    if result and checksum_type:
        result["ChecksumType"] = checksum_type
    return result
