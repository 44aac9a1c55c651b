"""What opens a body, sealed twice: under the key its encryption names, then under the root key.

The inner envelope holds one body's data key, under the customer's or the KMS key. The outer seal
binds the envelopes to everything about a version (or part) that never changes, so that an edited or
swapped record does not open. Completing a multipart upload moves envelopes and needs no key.
"""

from typing import Any, NamedTuple, TypeVar

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import Body
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Encryption, ObjectVersion, Part, StoredBody
from holdfast.engine.vault import Vault, binding, seal, unseal
from holdfast.server.kms.keyring import seal_under, unseal_under
from holdfast.server.operation import Snapshot, Transaction
from holdfast.server.s3.customer_keys import CUSTOMER, CustomerKey
from holdfast.server.s3.encryption import KMS_ALGORITHMS, Choice, kms_error

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
# Made here, not at their first use: msgspec crashes when two threads are the first with a Struct.
_BODY = msgspec.msgpack.Decoder(Body)
_ENVELOPES = msgspec.msgpack.Decoder(list[bytes])


class Opened(NamedTuple):
    """A version whose seal was checked, with the envelopes of its bodies in order."""

    version: ObjectVersion
    envelopes: list[bytes]


def named(body: Body) -> StoredBody:
    """Return what may be known of a body without its key."""
    return StoredBody(id=body.id, size=body.size, chunks=body.chunks)


def wrap(tx: Transaction, choice: Choice, bucket: str, key: str, body: Body) -> bytes:
    """Return the envelope of a body.

    Args:
        tx: the transaction that links it.
        choice: its encryption.
        bucket: where it is going to be,
        key: and under which key.
        body: what the envelope opens.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
    """
    plain = msgspec.msgpack.encode(body)
    encryption = choice.encryption
    bound_to = _envelope_binding(encryption, bucket, key, body.id)
    if choice.customer is not None:
        return seal(choice.customer.key, plain, bound_to, tx.site.random)
    if encryption.algorithm in KMS_ALGORITHMS:
        try:
            return seal_under(tx, encryption.kms_key_arn, plain, bound_to)[1]
        except ServiceError as error:
            raise kms_error(error) from error
    return plain


def unwrap(
    tx: Snapshot,
    version: ObjectVersion,
    stored: StoredBody,
    envelope: bytes,
    customer: CustomerKey | None,
) -> Body:
    """Open the envelope of one of a version's bodies.

    The caller has checked the customer's key against the version.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
        CorruptData: it was changed or belongs to something else.
    """
    encryption = version.encryption
    bound_to = _envelope_binding(encryption, version.bucket, version.key, stored.id)
    if encryption.algorithm == CUSTOMER:
        if customer is None:
            raise CorruptData("a body under a customer's key was opened without one")
        plain = unseal(customer.key, envelope, bound_to)
    elif encryption.algorithm in KMS_ALGORITHMS:
        try:
            plain = unseal_under(tx, envelope, bound_to)
        except ServiceError as error:
            raise kms_error(error) from error
    else:
        plain = envelope
    body = _decoded(plain, _BODY)
    if (body.id, body.size) != (stored.id, stored.size):
        raise CorruptData(f"the envelope of body {stored.id.hex()} holds another body")
    return body


def _envelope_binding(encryption: Encryption, bucket: str, key: str, body_id: bytes) -> bytes:
    return binding("envelope", bucket, key, body_id, encryption.context)


def _decoded(raw: bytes, decoder: "msgspec.msgpack.Decoder[T]") -> T:
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError:
        raise CorruptData("what opens a body is not in the form it was written in") from None


def seal_version(vault: Vault, version: ObjectVersion, envelopes: list[bytes]) -> ObjectVersion:
    """Return the version with the envelopes of its bodies sealed and bound to it."""
    sealed = vault.seal(msgspec.msgpack.encode(envelopes), "version", _version_binding(version))
    return msgspec.structs.replace(version, bodies=sealed)


def open_version(vault: Vault, version: ObjectVersion) -> list[bytes]:
    """Return the envelopes of a version's bodies, in order.

    Raises:
        CorruptData: the version is not what was written.
    """
    raw = vault.unseal(version.bodies, "version", _version_binding(version))
    envelopes = _decoded(raw, _ENVELOPES)
    if len(envelopes) != len(version.stored):
        raise CorruptData("a version has more or fewer bodies than envelopes")
    return envelopes


def seal_part(vault: Vault, part: Part, envelope: bytes) -> Part:
    """Return the part with the envelope of its body sealed and bound to it."""
    return msgspec.structs.replace(part, body=vault.seal(envelope, "part", _part_binding(part)))


def open_part(vault: Vault, part: Part) -> bytes:
    """Return the envelope of a part's body.

    Raises:
        CorruptData: the part is not what was written.
    """
    return vault.unseal(part.body, "part", _part_binding(part))


def _version_binding(version: ObjectVersion) -> bytes:
    # Everything but the tags, which may change, and what is sealed. The fields are listed one by
    # one, so that a field added later does not lock out older records.
    encryption = version.encryption
    return _ENCODER.encode(
        [
            version.bucket,
            version.key,
            version.order,
            version.version_id,
            version.size,
            version.etag,
            version.last_modified.isoformat(),
            version.storage_class,
            version.headers,
            version.metadata,
            version.checksums,
            version.checksum_type,
            [[part.number, part.size, part.checksums] for part in version.parts],
            _encryption_fields(encryption),
            [_stored_fields(stored) for stored in version.stored],
            version.upload_id,
        ]
    )


def _part_binding(part: Part) -> bytes:
    return _ENCODER.encode(
        [
            part.upload_id,
            part.number,
            part.size,
            part.etag,
            part.last_modified.isoformat(),
            part.checksums,
            _stored_fields(part.stored),
        ]
    )


def _encryption_fields(encryption: Encryption) -> list[Any]:
    return [
        encryption.algorithm,
        encryption.kms_key_arn,
        encryption.context,
        encryption.bucket_key,
        encryption.customer_key_md5,
    ]


def _stored_fields(stored: StoredBody) -> list[Any]:
    return [stored.id, stored.size, stored.chunks]
