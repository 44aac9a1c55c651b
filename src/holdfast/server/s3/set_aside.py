"""Keeping the body of a write that a rule refused, so that nothing its maker made is lost.

It becomes an ordinary object of a bucket of its own, under `BUCKET/KEY/TIME-REQUEST`, encrypted as it
would have been where it was meant to go; every tool that reads S3 lists it and reads it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from holdfast.engine.bodies import unlink
from holdfast.engine.records import Bucket, Object, ObjectVersion, Part, Upload
from holdfast.server.judging import REFUSED_BUCKET, Refusal
from holdfast.server.operation import Params, ReceivedBody, Transaction
from holdfast.server.s3 import lifecycle, versions
from holdfast.server.s3.assembled import as_version
from holdfast.server.s3.buckets import first_settings
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.encryption import Choice, choose
from holdfast.server.s3.etags import multipart_etag
from holdfast.server.s3.keys import MAX_KEY_BYTES
from holdfast.server.s3.new_object import Description, store
from holdfast.server.s3.object_headers import DEFAULT_CONTENT_TYPE, headers_of
from holdfast.server.s3.sealing import open_part, seal_version, unwrap, wrap

KEPT_DAYS = 90
_MOST_COMPARED = 20  # of what was kept of the same state before
_LONGEST_VALUE = 600  # characters of one value of the metadata, of which all may have 2 KB
_AFTER_DIGITS = ":"  # what the names begin with that are made below comes before it
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def set_aside(
    tx: Transaction,
    bucket: Bucket,
    key: str,
    received: ReceivedBody,
    params: Params,
    refusal: Refusal,
) -> str:
    """Keep a refused body; the same bytes for the same state only once.

    Args:
        tx: the transaction of the refused write.
        bucket: where it was meant to go,
        key: and under which key.
        received: the body.
        params: of the request, for its encryption.
        refusal: what the rule said.

    Returns:
        The key under which it is kept.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`, as the write itself would have.
    """
    home, folder = _home(tx), _folder(bucket.name, key)
    md5 = received.md5.hex()
    for before in _kept_before(tx, folder):
        if before.size == received.size and before.metadata.get("md5") == md5:
            return before.key
    aside = _new_key(tx, folder)
    description = Description(
        headers=headers_of(params),
        metadata=_metadata(tx, bucket.name, key, {**refusal.facts, "md5": md5}, refusal.rule),
        storage_class="STANDARD",
    )
    choice = choose(tx, bucket, params)
    # What is kept here is not judged, so nothing is to be known of it as a state.
    store(tx, home, aside, None, replace(received, facts=None), choice, description)
    return aside


def set_upload_aside(
    tx: Transaction, bucket: Bucket, upload: Upload, chosen: Sequence[Part], refusal: Refusal
) -> str:
    """Keep the parts of a refused upload, which ends with that.

    Args:
        tx: the transaction of the refused write.
        bucket: where it was meant to go.
        upload: what was to be completed.
        chosen: the parts of the object.
        refusal: what the rule said.

    Returns:
        The key under which they are kept; nothing if they cannot be, because only the customer's key
        opens them, which the request does not bring.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
    """
    if upload.encryption.algorithm == CUSTOMER:
        return ""
    home, folder = _home(tx), _folder(bucket.name, upload.key)
    meant = as_version(upload, chosen)
    etag = multipart_etag(part.etag for part in chosen)
    for before in _kept_before(tx, folder):
        if (before.size, before.etag) == (meant.size, etag):
            return before.key
    aside = _new_key(tx, folder)
    envelopes = []
    for part in chosen:
        body = unwrap(tx, meant, part.stored, open_part(tx.site.vault, part), None)
        envelopes.append(wrap(tx, Choice(upload.encryption), home.name, aside, body))
    order, version_id = versions.place(tx, home, None)
    version = ObjectVersion(
        bucket=home.name,
        key=aside,
        order=order,
        version_id=version_id,
        size=meant.size,
        etag=etag,
        last_modified=tx.now.replace(microsecond=0),
        headers={"ContentType": upload.headers.get("ContentType", DEFAULT_CONTENT_TYPE)},
        metadata=_metadata(tx, bucket.name, upload.key, refusal.facts, refusal.rule),
        encryption=upload.encryption,
        stored=meant.stored,
        upload_id=upload.upload_id,
    )
    versions.add(tx, seal_version(tx.site.vault, version, envelopes), None)
    _end(tx, upload, {part.number for part in chosen})
    return aside


def _end(tx: Transaction, upload: Upload, kept: set[int]) -> None:
    """End an upload whose parts have gone elsewhere, so that nothing else lets go of them."""
    for part in list(tx.scan(Part, upload.upload_id)):
        if part.number not in kept:
            unlink(tx, part.stored, tx.now)
        tx.drop(Part, part.upload_id, part.number)
    tx.drop(Upload, upload.bucket, upload.key, upload.upload_id)


def _home(tx: Transaction) -> Bucket:
    """Return the bucket of what is kept aside; it is made when it is first needed."""
    found = tx.get(Bucket, REFUSED_BUCKET)
    if found is not None:
        return found
    rule = {
        "ID": "holdfast-refused",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": KEPT_DAYS},
    }
    settings: dict[str, Any] = {**first_settings({}, []), lifecycle.MEMBER: {"Rules": [rule]}}
    made = Bucket(name=REFUSED_BUCKET, created=tx.now, region=tx.site.region, settings=settings)
    tx.put(made)
    return made


def _folder(bucket: str, key: str) -> str:
    """Return what the keys begin with of everything that is kept of a state."""
    folder = f"{bucket}/{key}/"
    if len(folder.encode()) + 64 <= MAX_KEY_BYTES:
        return folder
    return f"{bucket}/sha256-{hashlib.sha256(key.encode()).hexdigest()}/"


def _new_key(tx: Transaction, folder: str) -> str:
    return f"{folder}{tx.now:%Y%m%dT%H%M%S.%fZ}-{tx.context.request_id}"


def _kept_before(tx: Transaction, folder: str) -> Iterator[ObjectVersion]:
    """Yield what was kept of the same state before, the latest first."""
    found = tx.scan(
        Object, REFUSED_BUCKET, start=(folder + _AFTER_DIGITS,), limit=_MOST_COMPARED, reverse=True
    )
    for one in found:
        if not one.key.startswith(folder):
            return
        version = tx.get(ObjectVersion, REFUSED_BUCKET, one.key, one.order)
        if version is not None and "/" not in one.key.removeprefix(folder):
            yield version


def _metadata(
    tx: Transaction, bucket: str, key: str, facts: Mapping[str, str], rule: str
) -> dict[str, str]:
    """Return what is noted with a body, as headers may carry it: other than ASCII in per cents."""
    said = {
        "rule": rule,
        "bucket": bucket,
        "principal": tx.caller.arn,
        "address": tx.caller.address,
        **facts,
    }
    if len(key) <= _LONGEST_VALUE:
        said["key"] = key
    return {
        name: quote(value, safe=_PLAIN)[:_LONGEST_VALUE] for name, value in said.items() if value
    }
