"""Sealed pieces: published test vectors, and every way to tamper with one."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.port import CorruptData
from holdfast.engine.vault import OVERHEAD, Vault, binding, seal, unseal

KEY = bytes(range(32))

# AES-256 test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)":
# key, initialization vector, plaintext, associated data, ciphertext, tag.
FEFF = "feffe9928665731c6d6a8f9467308308" * 2
CAFE = "cafebabefacedbaddecaf888"
D931 = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
C522 = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)
VECTORS = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    (
        "00" * 32,
        "00" * 12,
        "00" * 16,
        "",
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    (FEFF, CAFE, D931, "", C522, "b094dac5d93471bdec1a502270e3cc6c"),
    (
        FEFF,
        CAFE,
        D931[:120],
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        C522[:120],
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=["13", "14", "15", "16"])
def test_published_vectors(vector: tuple[str, ...]) -> None:
    """A sealed piece is the format, the nonce, and exactly the published ciphertext and tag."""
    key, nonce, plain, bound_to, cipher, tag = map(bytes.fromhex, vector)
    sealed = seal(key, plain, bound_to, lambda _: nonce)
    assert sealed == b"\x01" + nonce + cipher + tag
    assert unseal(key, sealed, bound_to) == plain


@given(plain=st.binary(max_size=300), bound_to=st.binary(max_size=40))
def test_what_is_sealed_opens(plain: bytes, bound_to: bytes) -> None:
    """And is as much longer as OVERHEAD says."""
    sealed = seal(KEY, plain, bound_to)
    assert len(sealed) == len(plain) + OVERHEAD
    assert unseal(KEY, sealed, bound_to) == plain


@given(plain=st.binary(max_size=60), place=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_never_opens(plain: bytes, place: int, bit: int) -> None:
    """Wherever it is: format, nonce, ciphertext or tag."""
    sealed = bytearray(seal(KEY, plain, b"x"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(CorruptData):
        unseal(KEY, bytes(sealed), b"x")


@given(plain=st.binary(max_size=60), length=st.integers(0))
def test_a_cut_piece_never_opens(plain: bytes, length: int) -> None:
    """However little is missing, from either end; nor one with more behind it."""
    sealed = seal(KEY, plain, b"x")
    length %= len(sealed)
    for changed in (sealed[:length], sealed[length + 1 :], sealed + b"\0"):
        with pytest.raises(CorruptData):
            unseal(KEY, changed, b"x")


def test_a_swapped_piece_never_opens() -> None:
    """Two pieces of one key do not open in each other's place, nor under another key."""
    first, second = seal(KEY, b"one", b"1"), seal(KEY, b"two", b"2")
    for key, sealed, bound_to in (
        (KEY, first, b"2"),
        (KEY, second, b"1"),
        (bytes(32), first, b"1"),
    ):
        with pytest.raises(CorruptData):
            unseal(key, sealed, bound_to)


def test_the_same_text_is_never_sealed_twice_the_same() -> None:
    """Every piece has its own nonce."""
    assert len({seal(KEY, b"same", b"") for _ in range(100)}) == 100


PARTS = st.lists(st.binary(max_size=4), max_size=4)


@given(first=PARTS, second=PARTS)
def test_bindings_of_different_parts_differ(first: list[bytes], second: list[bytes]) -> None:
    """Moving a byte from one part to the next gives another binding."""
    assert (binding(*first) == binding(*second)) == (first == second)


def test_a_vault_opens_what_it_sealed_for_the_same_parts_only() -> None:
    """Text, bytes and numbers may be parts."""
    vault = Vault(KEY)
    sealed = vault.seal(b"secret", "access key", b"\0", 7)
    assert vault.unseal(sealed, "access key", b"\0", 7) == b"secret"
    with pytest.raises(CorruptData):
        vault.unseal(sealed, "access key", b"\0", 8)
    with pytest.raises(CorruptData):
        Vault(bytes(32)).unseal(sealed, "access key", b"\0", 7)


def test_a_vault_shows_nothing_of_its_key() -> None:
    """Its fingerprint tells keys apart, and is no plain hash of the key."""
    assert KEY.hex() not in repr(Vault(KEY))
    assert Vault(KEY).fingerprint() != Vault(bytes(32)).fingerprint()
    assert len(Vault(KEY).fingerprint()) == 16


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_root_key_has_32_bytes(length: int) -> None:
    """Anything else is refused before something is sealed under it."""
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(length))


def test_a_derived_key_is_hkdf_of_the_root_key() -> None:
    """RFC 5869 with SHA-256, no salt, and one block: worked out here by its own two steps."""
    extracted = hmac.digest(bytes(32), KEY, "sha256")
    expanded = hmac.digest(extracted, b"holdfast\0journal\x01", "sha256")
    assert Vault(KEY).derived("journal") == expanded


def test_derived_keys_differ_by_purpose() -> None:
    """None serves for another purpose, or is the root key."""
    vault = Vault(KEY)
    assert len({vault.derived("journal"), vault.derived("webhooks"), KEY}) == 3
