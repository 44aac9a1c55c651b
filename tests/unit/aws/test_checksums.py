"""The five checksums: known values, any split, any combination of parts."""

import base64
import hashlib
import itertools

import pytest
from awscrt import checksums as native
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import checksums

# The check values of the CRC catalogue (CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME) and of FIPS 180.
KNOWN = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
}


def _digest(algorithm: str, *pieces: bytes) -> bytes:
    hasher = checksums.hasher(algorithm)
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest()


@pytest.mark.parametrize("algorithm", checksums.SIZES)
def test_known_value(algorithm: str) -> None:
    """The digits 1 to 9 have the catalogue's checksum."""
    assert _digest(algorithm, b"123456789").hex() == KNOWN[algorithm]


@pytest.mark.parametrize("algorithm", checksums.SIZES)
def test_digest_has_its_size(algorithm: str) -> None:
    """A digest is as long as a header's value must be."""
    assert len(_digest(algorithm)) == checksums.SIZES[algorithm]


@given(st.sampled_from(sorted(checksums.SIZES)), st.lists(st.binary(max_size=300), max_size=6))
def test_any_split_gives_the_same(algorithm: str, pieces: list[bytes]) -> None:
    """How bytes arrive makes no difference."""
    assert _digest(algorithm, *pieces) == _digest(algorithm, b"".join(pieces))


@pytest.mark.parametrize("algorithm", checksums.SIZES)
def test_memoryviews_are_taken(algorithm: str) -> None:
    """What the decoder hands on is hashed without a copy."""
    hasher = checksums.hasher(algorithm)
    hasher.update(memoryview(b"x123456789")[1:])
    assert hasher.digest().hex() == KNOWN[algorithm]


@given(st.sampled_from(checksums.CRCS), st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_combined_parts_have_the_checksum_of_the_whole(algorithm: str, parts: list[bytes]) -> None:
    """A FULL_OBJECT checksum needs no look at the bytes."""
    known = [(checksums.encode(_digest(algorithm, part)), len(part)) for part in parts]
    whole = checksums.encode(_digest(algorithm, b"".join(parts)))
    assert checksums.combine(algorithm, known) == whole


def test_combining_ten_thousand_parts_of_many_sizes_is_quick() -> None:
    """The most parts that an upload can have take no noticeable time."""
    parts = [("AAAAAAAAAAE=", size) for size in itertools.islice(itertools.count(5 << 20), 10_000)]
    assert native.combine_crc64nvme(0, 0, 5) == 0
    assert len(checksums.combine("CRC64NVME", parts)) == 12


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_composite_is_the_checksum_of_the_checksums(algorithm: str) -> None:
    """A COMPOSITE checksum covers the parts' digests and ends in their number."""
    digests = [_digest(algorithm, part) for part in (b"one", b"two", b"three")]
    value = checksums.composite(algorithm, [checksums.encode(d) for d in digests])
    assert value == checksums.encode(_digest(algorithm, b"".join(digests))) + "-3"


def test_decode_takes_what_encode_gives() -> None:
    """A header's value goes both ways."""
    digest = hashlib.sha256(b"x").digest()
    assert checksums.decode("SHA256", checksums.encode(digest)) == digest


@pytest.mark.parametrize(
    "value",
    ["", "AAAA", "!!!!!!==", "AAAAAAA=", "AAAA AA==", "é", base64.b64encode(bytes(5)).decode()],
)
def test_decode_refuses_what_is_no_digest(value: str) -> None:
    """Only canonical base64 of exactly the right length is a checksum."""
    assert checksums.decode("CRC32", value) is None
