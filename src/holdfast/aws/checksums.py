"""The five checksums of S3: incremental, checked, combined over the parts of an upload.

Source: "Checking object integrity in Amazon S3" in the S3 user guide. A CRC is written big-endian.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

FULL_OBJECT = "FULL_OBJECT"
COMPOSITE = "COMPOSITE"

# algorithm -> bytes of its digest
SIZES: Mapping[str, int] = MappingProxyType(
    {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
)
# What S3 computes of an object that came without one ("Checking object integrity").
DEFAULT = "CRC64NVME"
CRCS = ("CRC32", "CRC32C", "CRC64NVME")

Buffer = bytes | bytearray | memoryview


class Hasher(Protocol):
    """What hashlib's objects do."""

    def update(self, data: Buffer, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes so far."""


class _Crc:
    """A CRC as a `Hasher`."""

    __slots__ = ("_function", "_size", "_value")

    def __init__(self, function: Callable[[Buffer, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: Buffer, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


def hasher(algorithm: str) -> Hasher:
    """Return a new hasher.

    Args:
        algorithm: one of `SIZES`.
    """
    if algorithm == "SHA256":
        return hashlib.sha256()
    if algorithm == "SHA1":
        return hashlib.sha1(usedforsecurity=False)
    return _Crc(_crc(algorithm), SIZES[algorithm])


def _crc(algorithm: str) -> Callable[[Buffer, int], int]:
    if algorithm == "CRC32":
        return zlib.crc32
    # Loading the native library costs a start-up that never needs it several megabytes.
    from awscrt import checksums as native

    functions: dict[str, Callable[[Buffer, int], int]] = {
        "CRC32C": native.crc32c,
        "CRC64NVME": native.crc64nvme,
    }
    return functions[algorithm]


def encode(digest: bytes) -> str:
    """Return a digest as the headers have it."""
    return base64.b64encode(digest).decode()


def decode(algorithm: str, value: str) -> bytes | None:
    """Return the digest that a header's value says, or None if it is not one of this algorithm."""
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == SIZES[algorithm] else None


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """Return the COMPOSITE checksum of an upload: the checksum of its parts' checksums.

    Args:
        algorithm: one of `SIZES` but CRC64NVME, which AWS has for whole objects only.
        parts: the parts' checksums in order, base64.
    """
    running = hasher(algorithm)
    count = 0
    for part in parts:
        running.update(base64.b64decode(part))
        count += 1
    return f"{encode(running.digest())}-{count}"


def combine(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """Return the FULL_OBJECT checksum of an upload from its parts', without reading any of them.

    Args:
        algorithm: one of `CRCS`.
        parts: each part's checksum in base64, and its size in bytes, in order.
    """
    from awscrt import checksums as native

    functions: dict[str, Callable[[int, int, int], int]] = {
        "CRC32": native.combine_crc32,
        "CRC32C": native.combine_crc32c,
        "CRC64NVME": native.combine_crc64nvme,
    }
    join = functions[algorithm]
    value = 0
    for checksum, size in parts:
        value = join(value, int.from_bytes(base64.b64decode(checksum), "big"), size)
    return encode(value.to_bytes(SIZES[algorithm], "big"))
