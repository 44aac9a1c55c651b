"""Ciphertext blobs: what goes in comes out, and nothing else does."""

import hashlib
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.port import CorruptData
from holdfast.engine.records import Key
from holdfast.engine.vault import Vault
from holdfast.server.kms.ciphertext import Domain, InvalidBlob, open_blob, parse_blob, seal_blob
from holdfast.server.kms.material import add_material, new_key_id, open_material
from holdfast.server.kms.usage import bound_context
from holdfast.server.operation import Site

SITE = Site("123456789012", "eu-central-1", Vault(b"r" * 32), os.urandom)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
KEY = add_material(SITE, Key(key_id=new_key_id(SITE), created=NOW), NOW)

contexts = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4)
plaintexts = st.binary(min_size=1, max_size=200)


def opened(key: Key, blob: bytes, context: dict[str, str]) -> bytes:
    """Open a client's blob."""
    return open_blob(SITE, key, parse_blob(blob), bound_context(context))


def sealed(plaintext: bytes, context: dict[str, str]) -> bytes:
    """Make a client's blob."""
    return seal_blob(SITE, KEY, Domain.CLIENT, plaintext, bound_context(context))


@given(plaintexts, contexts)
def test_blob_opens_with_its_context(plaintext: bytes, context: dict[str, str]) -> None:
    """The same pairs in any order give the plaintext back."""
    blob = sealed(plaintext, context)
    assert opened(KEY, blob, dict(reversed(context.items()))) == plaintext


@given(contexts, contexts)
def test_blob_opens_with_no_other_context(made: dict[str, str], asked: dict[str, str]) -> None:
    """Different pairs are refused, however alike they look."""
    blob = sealed(b"secret", made)
    if made == asked:
        assert opened(KEY, blob, asked) == b"secret"
    else:
        with pytest.raises(InvalidBlob):
            opened(KEY, blob, asked)


@given(contexts, contexts)
def test_bound_context_tells_contexts_apart(one: dict[str, str], other: dict[str, str]) -> None:
    """Two contexts have the same associated data only if they are equal."""
    assert (bound_context(one) == bound_context(other)) == (one == other)


@given(plaintexts, st.data())
def test_any_flipped_bit_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    """No byte of a blob can change unnoticed; a changed id names another key."""
    blob = bytearray(sealed(plaintext, {"a": "b"}))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(InvalidBlob):
        opened(KEY, bytes(blob), {"a": "b"})


@given(plaintexts, st.data())
def test_any_cut_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    """A shortened blob is refused."""
    blob = sealed(plaintext, {})
    with pytest.raises(InvalidBlob):
        opened(KEY, blob[: data.draw(st.integers(0, len(blob) - 1))], {})


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    """Bytes that nobody sealed are refused."""
    with pytest.raises(InvalidBlob):
        opened(KEY, noise, {})


def test_two_blobs_of_one_plaintext_differ() -> None:
    """Encryption is randomized."""
    assert sealed(b"secret", {}) != sealed(b"secret", {})


def test_blob_of_a_rotated_key_stays_readable() -> None:
    """Old generations open, and new blobs name the new one."""
    rotated = add_material(SITE, KEY, NOW)
    old, new = sealed(b"old", {}), seal_blob(SITE, rotated, Domain.CLIENT, b"new", b"")
    assert opened(rotated, old, {}) == b"old"
    assert parse_blob(new).generation == 1
    assert opened(rotated, new, {}) == b"new"
    with pytest.raises(InvalidBlob):
        opened(KEY, new, {})


def test_material_is_bound_to_its_key_and_place() -> None:
    """Material moved to another generation does not open."""
    rotated = add_material(SITE, KEY, NOW)
    first, second = rotated.materials
    swapped = Key(key_id=KEY.key_id, created=NOW, materials=(second, first))
    moved = Key(key_id=new_key_id(SITE), created=NOW, materials=KEY.materials)
    for changed in (swapped, moved):
        with pytest.raises(CorruptData):
            open_material(SITE, changed, 0)


def test_format_is_the_written_one() -> None:
    """A blob made earlier, with known randomness, has exactly these bytes and still opens."""
    site = Site("123456789012", "eu-central-1", Vault(bytes(range(32))), lambda n: b"\x2a" * n)
    key = add_material(site, Key(key_id=new_key_id(site), created=NOW), NOW)
    blob = seal_blob(site, key, Domain.CLIENT, b"plaintext", bound_context({"name": "value"}))
    assert key.key_id == "2a2a2a2a-2a2a-4a2a-aa2a-2a2a2a2a2a2a"
    assert blob[:22].hex() == "01012a2a2a2a2a2a4a2aaa2a2a2a2a2a2a2a00000000"
    assert (
        hashlib.sha256(blob).hexdigest()
        == "6b29c17361ee401472c5ef11b0d0251ac6cb8c6ce2f9156c6c60214247fc035a"
    )
