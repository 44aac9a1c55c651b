"""Ciphertext blobs: what a KMS key encrypted, with a header that names the key and its generation.

A blob is `format (1 byte) | domain (1) | key id (16) | generation (4) | salt (16) | nonce (12) |
ciphertext and tag`. Each has a key of its own, derived from the material and the salt, so that the
number of messages under one KMS key needs no bound. The header is authenticated with the context.
"""

import hmac
from enum import IntEnum
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.engine.records import Key
from holdfast.engine.vault import binding
from holdfast.server.kms.material import open_material
from holdfast.server.operation import Site

_FORMAT = 1
_HEADER_BYTES = 1 + 1 + 16 + 4
_SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Domain(IntEnum):
    """Who may open a blob. One domain's blobs never open in the other."""

    CLIENT = 1  # made by Encrypt, GenerateDataKey, ... and opened by Decrypt
    SERVER = 2  # made and opened by our own S3 and DynamoDB


_DOMAINS = frozenset(int(domain) for domain in Domain)


class InvalidBlob(Exception):
    """The blob was changed or cut, or the context is not the one it was made with."""


class Blob(msgspec.Struct, frozen=True):
    """A blob taken apart; nothing of it is proven until it was opened."""

    domain: Domain
    key_id: str
    generation: int
    header: bytes
    body: bytes  # salt, nonce, ciphertext and tag


def seal_blob(site: Site, key: Key, domain: Domain, plaintext: bytes, bound_to: bytes) -> bytes:
    """Encrypt under the newest material of a key, bound to `bound_to`."""
    generation = len(key.materials) - 1
    header = bytes([_FORMAT, domain]) + UUID(key.key_id).bytes + generation.to_bytes(4)
    salt, nonce = site.random(_SALT_BYTES), site.random(_NONCE_BYTES)
    cipher = _cipher(open_material(site, key, generation), salt)
    return header + salt + nonce + cipher.encrypt(nonce, plaintext, binding(header, bound_to))


def parse_blob(blob: bytes) -> Blob:
    """Take a blob apart.

    Raises:
        InvalidBlob: it is none of ours.
    """
    shortest = _HEADER_BYTES + _SALT_BYTES + _NONCE_BYTES + _TAG_BYTES
    if len(blob) < shortest or blob[0] != _FORMAT or blob[1] not in _DOMAINS:
        raise InvalidBlob
    header, body = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:]
    generation = int.from_bytes(header[18:])
    return Blob(Domain(blob[1]), str(UUID(bytes=header[2:18])), generation, header, body)


def open_blob(site: Site, key: Key, blob: Blob, bound_to: bytes) -> bytes:
    """Decrypt a blob with the key it names.

    Raises:
        InvalidBlob: it was changed, or made with another `bound_to`.
        CorruptData: the key's record was changed.
    """
    if blob.generation >= len(key.materials):
        raise InvalidBlob
    salt, rest = blob.body[:_SALT_BYTES], blob.body[_SALT_BYTES:]
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    cipher = _cipher(open_material(site, key, blob.generation), salt)
    try:
        return cipher.decrypt(nonce, sealed, binding(blob.header, bound_to))
    except InvalidTag:
        raise InvalidBlob from None


def _cipher(material: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(material, b"holdfast kms message key\0" + salt, "sha256"))
