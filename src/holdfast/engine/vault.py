"""Encryption at rest: AES-256-GCM, every piece bound to its identity.

A sealed piece is `format (1 byte) | nonce (12) | ciphertext and tag`. The associated data names what
the piece is, so that a moved or swapped one does not open.
"""

import hashlib
import os
import struct
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.engine.port import CorruptData

KEY_BYTES = 32
OVERHEAD = 1 + 12 + 16  # bytes that sealing adds
_FORMAT = b"\x01"
_NONCE_BYTES = 12
_LENGTH = struct.Struct(">Q").pack


@lru_cache(maxsize=512, typed=True)
def binding(*parts: str | bytes | int) -> bytes:
    """Return associated data that no other sequence of parts can give.

    That of a lock and of a digest is wanted again with the next request.
    """
    encoded = b""
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        encoded += _LENGTH(len(raw)) + raw
    return encoded


# A table's key seals all its items, and to prepare a key takes longer than to seal an item.
_cipher = lru_cache(maxsize=64)(AESGCM)


def seal(
    key: bytes, plaintext: bytes, bound_to: bytes, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Encrypt under a 32-byte key, bound to the associated data."""
    nonce = random(_NONCE_BYTES)
    return _FORMAT + nonce + _cipher(key).encrypt(nonce, plaintext, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        CorruptData: it was changed, cut, moved, or sealed under another key.
    """
    if len(sealed) < OVERHEAD or sealed[:1] != _FORMAT:
        raise CorruptData("an encrypted piece is cut short or of an unknown format")
    try:
        return _cipher(key).decrypt(sealed[1:13], sealed[13:], bound_to)
    except InvalidTag:
        raise CorruptData(
            "an encrypted piece was changed, moved, or is under another key"
        ) from None


class Vault:
    """What is sealed directly under the root key: secrets, key material, and a check of itself."""

    def __init__(self, root_key: bytes) -> None:
        """Take the root key: exactly 32 bytes."""
        if len(root_key) != KEY_BYTES:
            raise ValueError(f"a root key has {KEY_BYTES} bytes, this one has {len(root_key)}")
        self._root_key = root_key

    def __repr__(self) -> str:
        return "Vault(...)"

    def seal(self, plaintext: bytes, *bound_to: str | bytes | int) -> bytes:
        """Encrypt under the root key, bound to these parts."""
        return seal(self._root_key, plaintext, binding(*bound_to))

    def unseal(self, sealed: bytes, *bound_to: str | bytes | int) -> bytes:
        """Decrypt what `seal` made for the same parts.

        Raises:
            CorruptData: it was changed, cut, moved, or sealed under another key.
        """
        return unseal(self._root_key, sealed, binding(*bound_to))

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose, that says nothing of the root key.

        HKDF with SHA-256 (RFC 5869); the same for the same root key and purpose.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = b"holdfast\0" + purpose.encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._root_key)

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that tell root keys apart and give nothing away."""
        return hashlib.sha256(b"holdfast root key\0" + self._root_key).hexdigest()[:16]
