"""What is kept of bodies, objects, items and keys."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from holdfast.engine.record import Record


class Setting(Record, frozen=True, kw_only=True):
    """A fact about the data directory itself."""

    kind: ClassVar[str] = "setting"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    value: bytes


# ---- Bodies ----------------------------------------------------------------------------------


class Chunk(Record, frozen=True, kw_only=True):
    """One encrypted piece of a body."""

    kind: ClassVar[str] = "chunk"
    key_fields: ClassVar[tuple[str, ...]] = ("body_id", "number")

    body_id: bytes
    number: int  # from 0
    data: bytes  # sealed under the body's own data key


class Staged(Record, frozen=True, kw_only=True):
    """A body whose chunks arrive before the transaction that links it; collected if none does."""

    kind: ClassVar[str] = "staged"
    key_fields: ClassVar[tuple[str, ...]] = ("body_id",)

    body_id: bytes
    at: datetime


class Garbage(Record, frozen=True, kw_only=True):
    """A body nobody links any more. Kept for a while so that readers under way can finish."""

    kind: ClassVar[str] = "garbage"
    key_fields: ClassVar[tuple[str, ...]] = ("at", "id")

    at: int  # microseconds since the epoch
    id: bytes  # a body id, or the table id of dropped items
    what: str = "body"  # "body" or "items"


class Packed(Record, frozen=True, kw_only=True):
    """An older body that is kept as its difference from another, or compressed by itself."""

    kind: ClassVar[str] = "packed"
    key_fields: ClassVar[tuple[str, ...]] = ("body_id",)

    body_id: bytes
    base_id: bytes = b""  # the body that it is a difference from; empty: it stands by itself
    below: int = 0  # bounds the length of the chains of differences that hang on it
    data: bytes  # the base and the compressed bytes, sealed under the body's own data key


class PackedOn(Record, frozen=True, kw_only=True):
    """A difference, found by the body that it hangs on."""

    kind: ClassVar[str] = "packed_on"
    key_fields: ClassVar[tuple[str, ...]] = ("base_id", "body_id")

    base_id: bytes
    body_id: bytes
    order: int  # of the version whose body it is; bucket and key are those of the base's


class Orphan(Record, frozen=True, kw_only=True):
    """A body nobody links any more, kept as long as a difference hangs on it."""

    kind: ClassVar[str] = "orphan"
    key_fields: ClassVar[tuple[str, ...]] = ("body_id",)

    body_id: bytes
    at: int  # microseconds since the epoch


class ToPack(Record, frozen=True, kw_only=True):
    """A version whose body is to be packed, or packed anew."""

    kind: ClassVar[str] = "to_pack"
    key_fields: ClassVar[tuple[str, ...]] = ("at", "bucket", "key", "order")

    at: int  # microseconds since the epoch, not before which
    bucket: str
    key: str
    order: int  # of the version


class StoredBody(msgspec.Struct, frozen=True, kw_only=True):
    """The name and size of a linked body, known without its key: enough to let it go."""

    id: bytes
    size: int  # bytes of plaintext
    chunks: int


# ---- S3 --------------------------------------------------------------------------------------


class Bucket(Record, frozen=True, kw_only=True):
    """A bucket with all its settings."""

    kind: ClassVar[str] = "bucket"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)
    settled: ClassVar[bool] = True

    name: str
    created: datetime
    region: str
    versioning: str = ""  # "" (never enabled), "Enabled" or "Suspended"
    settings: dict[str, Any] = {}  # by AWS's name of the configuration, as parsed from the wire


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """How a body is encrypted at rest, in the words of the S3 headers."""

    algorithm: str = "AES256"  # "AES256", "aws:kms", "aws:kms:dsse", or "SSE-C"
    kms_key_arn: str = ""
    context: str = ""  # the encryption context header, base64 JSON, as given
    bucket_key: bool = False
    customer_key_md5: str = ""  # base64; SSE-C only


class Object(Record, frozen=True, kw_only=True):
    """The newest version of a key: exactly what listings and conditions need."""

    kind: ClassVar[str] = "object"
    key_fields: ClassVar[tuple[str, ...]] = ("bucket", "key")
    reread: ClassVar[bool] = True

    bucket: str
    key: str
    order: int  # of the newest ObjectVersion
    null_order: int | None = None  # of the version whose id is "null", if there is one
    version_id: str
    delete_marker: bool = False
    size: int = 0
    etag: str = ""  # without quotes
    last_modified: datetime
    storage_class: str = "STANDARD"
    checksum_algorithm: str = ""  # CRC32, CRC32C, CRC64NVME, SHA1, SHA256 or none
    checksum_type: str = ""  # FULL_OBJECT or COMPOSITE


class PartSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What remains known of a part of a completed multipart upload."""

    number: int
    size: int
    checksums: dict[str, str] = {}


class ObjectVersion(Record, frozen=True, kw_only=True):
    """One version of a key, or a delete marker. Newest first in key order."""

    kind: ClassVar[str] = "object_version"
    key_fields: ClassVar[tuple[str, ...]] = ("bucket", "key", "order")

    bucket: str
    key: str
    order: int  # minus the microseconds since the epoch at which it was made, made unique
    version_id: str  # "null" or 32 characters
    delete_marker: bool = False
    size: int = 0
    etag: str = ""  # without quotes
    last_modified: datetime
    storage_class: str = "STANDARD"
    headers: dict[str, str] = {}  # ContentType, CacheControl, ... by AWS's member name
    metadata: dict[str, str] = {}  # x-amz-meta-*
    checksums: dict[str, str] = {}  # by algorithm, base64 ("...-N" for composite ones)
    checksum_type: str = ""
    parts: tuple[PartSummary, ...] = ()
    encryption: Encryption = Encryption()
    stored: tuple[StoredBody, ...] = ()  # its bodies in order: one, or one for each part
    bodies: bytes = b""  # what opens them, sealed and bound to this version
    upload_id: str = ""  # of the multipart upload that made it
    tags: dict[str, str] = {}


class Upload(Record, frozen=True, kw_only=True):
    """A multipart upload under way."""

    kind: ClassVar[str] = "upload"
    key_fields: ClassVar[tuple[str, ...]] = ("bucket", "key", "upload_id")

    bucket: str
    key: str
    upload_id: str
    initiated: datetime
    storage_class: str = "STANDARD"
    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    checksum_algorithm: str = ""
    checksum_type: str = ""
    encryption: Encryption = Encryption()
    initiator: str = ""  # ARN


class Part(Record, frozen=True, kw_only=True):
    """An uploaded part."""

    kind: ClassVar[str] = "part"
    key_fields: ClassVar[tuple[str, ...]] = ("upload_id", "number")

    upload_id: str
    number: int
    size: int
    etag: str
    last_modified: datetime
    checksums: dict[str, str] = {}
    stored: StoredBody
    body: bytes = b""  # what opens it, sealed and bound to this part


# ---- DynamoDB --------------------------------------------------------------------------------


class Table(Record, frozen=True, kw_only=True):
    """A DynamoDB table with all its settings."""

    kind: ClassVar[str] = "table"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)
    settled: ClassVar[bool] = True

    name: str
    table_id: bytes  # 16 random bytes
    created: datetime
    hash_key: str
    hash_type: str  # S, N or B
    range_key: str = ""
    range_type: str = ""
    data_key: bytes = b""  # sealed under the root key or the table's KMS key
    settings: dict[str, Any] = {}  # by AWS's member name, as parsed from the wire
    tags: dict[str, str] = {}


class Item(Record, frozen=True, kw_only=True):
    """An item, its attributes encrypted under the table's data key."""

    kind: ClassVar[str] = "item"
    key_fields: ClassVar[tuple[str, ...]] = ("table_id", "hash", "range")
    reread: ClassVar[bool] = True

    table_id: bytes
    hash: bytes  # order-preserving encoding of the hash key
    range: bytes = b""  # order-preserving encoding of the range key
    data: bytes  # sealed, bound to table and key
    size: int = 0  # bytes as DynamoDB counts them


class Expiry(Record, frozen=True, kw_only=True):
    """An item that has a time to live, by when it ends."""

    kind: ClassVar[str] = "expiry"
    key_fields: ClassVar[tuple[str, ...]] = ("table_id", "at", "hash", "range")

    table_id: bytes
    at: int  # seconds since the epoch
    hash: bytes
    range: bytes = b""


class ClientToken(Record, frozen=True, kw_only=True):
    """A transactional write that was made, so that a client's repetition of it does nothing."""

    kind: ClassVar[str] = "client_token"
    key_fields: ClassVar[tuple[str, ...]] = ("token",)

    token: str
    request: bytes  # SHA-256 of what was asked
    at: datetime


# ---- KMS -------------------------------------------------------------------------------------


class KeyMaterial(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of a KMS key's secret."""

    sealed: bytes  # 32 bytes under the root key, bound to key id and place
    created: datetime
    on_demand: bool = False


class Key(Record, frozen=True, kw_only=True):
    """A KMS key."""

    kind: ClassVar[str] = "key"
    key_fields: ClassVar[tuple[str, ...]] = ("key_id",)
    settled: ClassVar[bool] = True

    key_id: str  # a version 4 UUID
    created: datetime
    description: str = ""
    key_spec: str = "SYMMETRIC_DEFAULT"
    key_usage: str = "ENCRYPT_DECRYPT"
    key_manager: str = "CUSTOMER"  # or AWS
    state: str = "Enabled"  # Enabled, Disabled, PendingDeletion
    deletion_date: datetime | None = None
    pending_window_days: int = 0
    rotation_period_days: int = 0  # 0: rotation is off
    rotation_since: datetime | None = None
    policy: str = ""
    tags: dict[str, str] = {}
    materials: tuple[KeyMaterial, ...] = ()  # the last one encrypts


class Alias(Record, frozen=True, kw_only=True):
    """A KMS alias."""

    kind: ClassVar[str] = "alias"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)

    name: str  # with "alias/"
    key_id: str
    created: datetime
    updated: datetime
