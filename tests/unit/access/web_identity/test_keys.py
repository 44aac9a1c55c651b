"""The keys of an issuer: which are taken, and where they come from."""

import json
import logging
import os
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import certificate
from holdfast.server.access.web_identity.fetching import Unreachable, fetch_keys
from holdfast.server.access.web_identity.issuer import Issuer, may_be_asked
from holdfast.server.access.web_identity.issuers import Issuers
from holdfast.server.access.web_identity.key_set import key_set
from holdfast.server.access.web_identity.key_source import FetchedKeys, KeyFile, source_of
from token_issuer import jwk, key_document, key_file, private_key, serving

ES256 = jwk(private_key("ES256"), "ES256")
SHORT = 1024  # bits


class Clock:
    """Seconds that a test moves forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


# ---- which ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"},
        {"alg": "ES384"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA"},
        {"crv": "P-521"},
        {"crv": "secp256k1"},
        {"x": "AAAA"},
        {"kid": 7},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
    ],
)
def test_a_key_that_verifies_nothing_is_left_out(changed: dict[str, Any]) -> None:
    """Keys of other kinds and uses may stand beside those that are used."""
    other = {**ES256, "kid": "other", **changed}
    keys = key_set(key_document(ES256, other)).keys
    assert [key.kid for key in keys] == ["key-1"]


def test_a_short_rsa_key_is_left_out() -> None:
    """With 1024 bits anybody could make one that fits."""
    short = jwk(rsa.generate_private_key(65537, SHORT), "RS256", kid="short")
    assert [key.kid for key in key_set(key_document(ES256, short)).keys] == ["key-1"]


def test_a_private_key_in_a_set_is_no_private_key_here() -> None:
    """Of a key that somebody published by mistake only the public part is kept."""
    secret = {**ES256, "d": "AAAA"}
    assert not hasattr(key_set(key_document(secret)).keys[0].key, "private_numbers")


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [1]}', b"\xff"),
        key_document({"kty": "oct", "k": "c2VjcmV0", "kid": "a"}),
        json.dumps({"keys": [ES256] * 101}).encode(),
        b"[" * 100_000,
    ],
)
def test_what_is_no_key_set(text: bytes) -> None:
    """It is refused, with the reason."""
    with pytest.raises(ValueError, match="it "):
        key_set(text)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"]),
        st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "ES256", "sig"])
        | st.text(max_size=9)
        | st.integers()
        | st.none(),
    )
)
def test_any_key_is_taken_or_left_out(document: dict[str, Any]) -> None:
    """No key of anybody's is a defect."""
    assert "key-1" in {key.kid for key in key_set(key_document(ES256, document)).keys}


# ---- from a file ------------------------------------------------------------------------------


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    """Keys are exchanged while the server runs."""
    path = key_file(tmp_path, ES256)
    source = source_of(Issuer("https://x", frozenset(), str(path)))
    assert source.find("key-1", "ES256")
    path.write_bytes(key_document({**ES256, "kid": "another"}))
    os.utime(path, ns=(1, 1))
    assert source.find("key-1", "ES256") is None
    assert source.find("another", "ES256")


def test_a_file_that_cannot_be_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says why, once."""
    source = KeyFile(tmp_path / "missing.json")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(Unreachable):
                source.find("key-1", "ES256")
    assert len(caplog.records) == 1
    assert "missing.json" in caplog.text


def test_a_wrong_setting_is_logged_before_a_token_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever starts the server reads what is wrong with it."""
    missing = Issuer("https://a.example.com", frozenset(), str(tmp_path / "missing.json"))
    good = Issuer("https://b.example.com", frozenset(), str(key_file(tmp_path, ES256)))
    with caplog.at_level(logging.WARNING):
        Issuers([missing, good]).look_for_keys()
    assert len(caplog.records) == 1
    assert "missing.json" in caplog.text


# ---- fetched ----------------------------------------------------------------------------------


def test_keys_are_found_where_the_issuer_says() -> None:
    """Discovery, then the keys, once for many tokens."""
    with serving() as published:
        published.say_all()
        source = FetchedKeys(Issuer(published.url, frozenset()))
        assert all(source.find("key-1", "ES256") for _ in range(5))
        assert published.asked == ["/.well-known/openid-configuration", "/keys"]


def test_keys_may_be_named() -> None:
    """An issuer whose keys are at another server is configured with their address."""
    with serving() as published:
        published.say("/elsewhere", key_document())
        issuer = Issuer("https://unreachable.invalid", frozenset(), f"{published.url}/elsewhere")
        assert source_of(issuer).find("key-1", "ES256")


def test_keys_come_by_https_from_who_can_prove_who_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of a private authority is believed if SSL_CERT_FILE names that."""
    authority, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority, key)
    with serving(tls) as published:
        published.say_all()
        assert "cannot be read" in _unfetched(published)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert key_set(fetch_keys(Issuer(published.url, frozenset()))).find("key-1", "ES256")


def _unfetched(published: Any) -> str:
    with pytest.raises(Unreachable) as caught:
        fetch_keys(Issuer(published.url, frozenset()))
    return str(caught.value)


def test_an_issuer_that_sends_us_elsewhere() -> None:
    """Neither a redirect nor keys at another server are followed."""
    with serving() as published, serving() as other:
        other.say_all()
        published.say("/.well-known/openid-configuration", b"", 302, Location=other.url)
        assert "answers 302" in _unfetched(published)
        named = {"issuer": published.url, "jwks_uri": f"{other.url}/keys"}
        published.say("/.well-known/openid-configuration", json.dumps(named).encode())
        assert "keys at another server" in _unfetched(published)
        assert other.asked == []


@pytest.mark.parametrize(
    "page",
    [
        b"no json",
        b"[]",
        b"{}",
        json.dumps({"issuer": "https://another", "jwks_uri": "https://another/keys"}).encode(),
    ],
)
def test_an_issuer_that_is_none(page: bytes) -> None:
    """What it says of itself has to be of that very issuer."""
    with serving() as published:
        published.say("/.well-known/openid-configuration", page)
        assert "openid-configuration" in _unfetched(published)


def test_an_issuer_without_end() -> None:
    """No more than half a megabyte is read."""
    with serving() as published:
        published.say_all()
        published.say("/keys", b" " * (600 << 10))
        assert "longer than" in _unfetched(published)


def test_an_issuer_that_is_down() -> None:
    """Nobody answers."""
    with serving() as published:
        pass
    assert "cannot be read" in _unfetched(published)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://ci.example.com/keys", True),
        ("http://127.0.0.1:8000/keys", True),
        ("http://[::1]/keys", True),
        ("http://localhost/keys", True),
        ("http://ci.example.com/keys", False),
        ("http://127.0.0.1@evil.example.com/", False),
        ("https://user:secret@ci.example.com/", False),
        ("file:///etc/passwd", False),
        ("ftp://127.0.0.1/keys", False),
        ("https://[bad/", False),
        ("https://host:port/", False),
        ("", False),
    ],
)
def test_what_may_be_asked(url: str, may: bool) -> None:
    """By https, or this very machine."""
    assert may_be_asked(url) is may


class Issued:
    """Key sets that are handed out, and how often."""

    def __init__(self) -> None:
        self.keys = key_document(ES256)
        self.times = 0
        self.problem = ""

    def __call__(self, _issuer: Issuer) -> bytes:
        """Hand one out."""
        self.times += 1
        if self.problem:
            raise Unreachable(self.problem)
        return self.keys


@pytest.fixture
def clock() -> Clock:
    """Time that stands still."""
    return Clock()


@pytest.fixture
def issued() -> Issued:
    """A key set."""
    return Issued()


@pytest.fixture
def source(issued: Issued, clock: Clock) -> FetchedKeys:
    """Nothing fetched yet."""
    return FetchedKeys(Issuer("https://ci.example.com", frozenset()), issued, clock)


def test_an_unknown_kid_is_looked_for_once_a_minute(
    source: FetchedKeys, issued: Issued, clock: Clock
) -> None:
    """Strangers cannot make us ask the issuer at their pace, and a new key is found soon."""
    for _ in range(10):
        assert source.find("unknown", "ES256") is None
    assert issued.times == 1
    issued.keys = key_document({**ES256, "kid": "new"})
    clock.now += 61
    assert source.find("new", "ES256")
    assert issued.times == 2


def _settled(source: FetchedKeys) -> None:
    thread = source._thread
    assert thread is not None
    thread.join()


def test_keys_grow_old(source: FetchedKeys, issued: Issued, clock: Clock) -> None:
    """After an hour they are fetched beside the request, so that a revoked key goes."""
    assert source.find("key-1", "ES256")
    issued.keys = key_document({**ES256, "kid": "new"})
    clock.now += 3601
    assert source.find("key-1", "ES256")
    _settled(source)
    assert source.find("key-1", "ES256") is None
    assert issued.times == 2


def test_an_issuer_that_is_away_for_a_while(
    source: FetchedKeys, issued: Issued, clock: Clock
) -> None:
    """Its keys are used for a day, and no longer."""
    assert source.find("key-1", "ES256")
    issued.problem = "it is away"
    clock.now += 80_000
    assert source.find("key-1", "ES256")
    _settled(source)
    clock.now += 7_000
    with pytest.raises(Unreachable, match="cannot be had"):
        source.find("key-1", "ES256")


def test_a_fetch_that_hangs_holds_nobody_for_long(clock: Clock) -> None:
    """Requests wait from its beginning on for seconds, and then no more."""
    release = threading.Event()

    def hang(_issuer: Issuer) -> bytes:
        clock.now += 9
        release.wait(30)
        return key_document(ES256)

    source = FetchedKeys(Issuer("https://ci.example.com", frozenset()), hang, clock)
    source._renew()
    while clock.now < 1009:
        release.wait(0.01)
    for _ in range(3):
        with pytest.raises(Unreachable):
            source.find("key-1", "ES256")
    release.set()
    _settled(source)
    assert source.find("key-1", "ES256")
