"""Verifying web identity tokens: what is believed, and every reason not to believe one."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.access.web_identity.issuer import Issuer
from holdfast.server.access.web_identity.key_set import ALGORITHMS, key_set
from holdfast.server.access.web_identity.token import LONGEST, WebIdentity, verified
from token_issuer import AUDIENCE, SUBJECT, jwk, key_document, private_key, token

URL = "https://ci.example.com/group"
ISSUER = Issuer(URL, frozenset({AUDIENCE, "another"}))
ALL_KEYS = key_document(
    *(jwk(private_key(name), name, kid=name) for name in sorted(ALGORITHMS)),
    jwk(private_key("ES256"), "ES256"),
)


def _verified(text: str, keys: bytes = ALL_KEYS, after: float = 0) -> WebIdentity:
    trusted = (ISSUER, key_set(keys))
    now = datetime.now(UTC) + timedelta(seconds=after)
    return verified(text, lambda url: trusted if url == URL else None, now)


def _refused(text: str, keys: bytes = ALL_KEYS, after: float = 0) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        _verified(text, keys, after)
    return caught.value.code, caught.value.message


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_whom_a_token_is_of() -> None:
    """Issuer, subject, audience, and claims that can be compared with text."""
    identity = _verified(token(URL, repository="acme/infra", teams=["a", "b"], run=7, ok=True))
    assert (identity.issuer, identity.subject, identity.audience) == (ISSUER, SUBJECT, AUDIENCE)
    said = {name: identity.claims[name] for name in ("repository", "teams", "run", "ok", "sub")}
    assert said == {
        "repository": ("acme/infra",),
        "teams": ("a", "b"),
        "run": ("7",),
        "ok": ("true",),
        "sub": (SUBJECT,),
    }


def test_claims_that_are_no_text_are_left_out() -> None:
    """No condition can be about an object, nor about a name with other signs."""
    odd: Any = {"actor": {"sub": "x"}, "mixed": ["a", {}], "a b": "c"}
    identity = _verified(token(URL, **odd))
    assert {"actor", "mixed", "a b"}.isdisjoint(identity.claims)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_asymmetric_algorithm(algorithm: str) -> None:
    """RSA in both forms, the two curves, and Ed25519."""
    assert _verified(token(URL, algorithm=algorithm, kid=algorithm)).subject == SUBJECT


def test_one_of_several_audiences() -> None:
    """A token may be meant for others as well."""
    assert _verified(token(URL, aud=["elsewhere", "another"])).audience == "another"


def test_a_token_without_kid_is_of_the_only_key() -> None:
    """With one key there is no doubt, with two there is."""
    one = jwk(private_key("ES256"), "ES256")
    other = jwk(private_key("ES256"), "ES256", kid="key-2")
    assert _verified(token(URL, kid=None), key_document(one)).subject == SUBJECT
    assert _refused(token(URL, kid=None), key_document(one, other))[0] == "InvalidIdentityToken"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example.com"}, "No OpenIDConnect provider found"),
        ({"iss": URL + "/"}, "No OpenIDConnect provider found"),
        ({"iss": None}, "No OpenIDConnect provider found"),
        ({"iss": ["x"]}, "No OpenIDConnect provider found"),
        ({"aud": "elsewhere"}, "Incorrect token audience"),
        ({"aud": []}, "Incorrect token audience"),
        ({"aud": {AUDIENCE: 1}}, "Incorrect token audience"),
        ({"aud": None}, "Incorrect token audience"),
        ({"sub": None}, "Missing a required claim: sub"),
        ({"sub": ""}, "Missing a required claim: sub"),
        ({"sub": "s" * 256}, "Missing a required claim: sub"),
        ({"exp": None}, "Missing a required claim: exp"),
        ({"iat": None}, "Missing a required claim: iat"),
        ({"exp": "soon"}, "not a valid JWT"),
        ({"exp": True}, "not a valid JWT"),
        ({"exp": 1e300}, "not a valid JWT"),
        ({"iat": -1}, "not a valid JWT"),
    ],
)
def test_claims_that_do_not_do(claims: dict[str, Any], words: str) -> None:
    """Each is refused with what is wrong."""
    text = _signed(claims)
    code, message = _refused(text)
    assert code == "InvalidIdentityToken"
    assert words in message


def _signed(claims: dict[str, Any]) -> str:
    """Return a token with claims that a library would refuse to sign."""
    now = int(time.time())
    usual = {"iss": URL, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    text = json.dumps(payload).encode()
    return jwt.PyJWS().encode(text, private_key("ES256"), "ES256", headers={"kid": "key-1"})


def test_a_token_that_has_expired() -> None:
    """A minute is allowed for clocks that differ."""
    text = token(URL)
    assert _verified(text, after=600 + 50).subject == SUBJECT
    code, message = _refused(text, after=600 + 70)
    assert code == "ExpiredTokenException"
    assert message.startswith("Token expired: current date/time ")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_the_future(claim: str) -> None:
    """What is not valid yet is refused, but for a minute."""
    soon: Any = {claim: int(time.time()) + 30}
    later: Any = {claim: int(time.time()) + 120}
    assert _verified(token(URL, **soon)).subject == SUBJECT
    assert _refused(token(URL, **later))[0] == "IDPRejectedClaim"


def test_a_token_of_another_key() -> None:
    """A signature by somebody else, under the kid of a known key."""
    text = token(URL, algorithm="ES384", kid="key-1", key=private_key("ES384"))
    assert _refused(text)[0] == "InvalidIdentityToken"
    forged = jwt.encode({"iss": URL}, private_key("ES384"), "ES384", headers={"kid": "ES256"})
    assert _refused(forged)[0] == "InvalidIdentityToken"


def test_an_unknown_kid() -> None:
    """AWS's words for it."""
    assert "Couldn't retrieve verification key" in _refused(token(URL, kid="gone"))[1]


def test_a_changed_payload() -> None:
    """Nothing of a token can be changed."""
    head, _, signature = token(URL).split(".")
    now = int(time.time())
    payload = {"iss": URL, "sub": "eve", "aud": AUDIENCE, "iat": now, "exp": now + 600}
    code, message = _refused(f"{head}.{_part(payload)}.{signature}")
    assert (code, "signature" in message) == ("InvalidIdentityToken", True)


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS256", "HS512", "ES512", "RS1"])
def test_an_algorithm_that_proves_nothing(algorithm: str) -> None:
    """Tokens without a signature, and with one that whoever verifies could make."""
    payload = token(URL).split(".")[1]
    head = _part({"alg": algorithm, "kid": "key-1"})
    code, message = _refused(f"{head}.{payload}.AAAA")
    assert code == "InvalidIdentityToken"
    assert "not supported" in message


def test_a_public_key_used_as_a_shared_secret() -> None:
    """The old trick: HMAC with the bytes of the public key."""
    pem = (
        private_key("RS256")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signed = f"{_part({'alg': 'HS256', 'kid': 'RS256'})}.{token(URL).split('.')[1]}"
    digest = hmac.digest(pem, signed.encode(), hashlib.sha256)
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert _refused(f"{signed}.{signature}")[0] == "InvalidIdentityToken"


def test_a_key_that_the_token_brings_itself() -> None:
    """A key in the header is not looked at."""
    mine = private_key("ES384")
    brought = jwk(mine, "ES384", kid="mine")
    text = token(URL, algorithm="ES384", kid="mine", key=mine, headers={"jwk": brought})
    assert "Couldn't retrieve verification key" in _refused(text)[1]


def test_an_extension_that_has_to_be_understood() -> None:
    """RFC 7515, 4.1.11: what is critical and not known is refused."""
    head, payload, signature = token(URL).split(".")
    header = {"alg": "ES256", "kid": "key-1", "crit": ["b64"], "b64": False}
    assert "not a valid JWT" in _refused(f"{_part(header)}.{payload}.{signature}")[1]
    assert head


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "a.b", "a.b.c.d", "é.b.c", "a" * (LONGEST + 1), "e30.e30.AA\n"]
)
def test_what_is_no_token(text: str) -> None:
    """AWS's words for what is none."""
    assert "not a valid JWT" in _refused(text)[1] or text.startswith("e30.e30")
    with pytest.raises(ServiceError):
        _verified(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(["alg", "kid", "crit", "typ", "iss", "sub", "aud", "exp", "iat", "nbf"])
_LIKELY = st.dictionaries(_NAMES, _JSON | st.sampled_from(["ES256", "key-1", URL, AUDIENCE]))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.builds(lambda *p: ".".join(p), st.text(), st.text(), st.text()))
def test_any_text_is_refused(text: str) -> None:
    """Nothing that is no token is a defect."""
    with pytest.raises(ServiceError):
        _verified(text)


@settings(max_examples=200, deadline=None)
@given(_LIKELY, _LIKELY | _JSON, st.binary(max_size=80))
def test_any_header_and_claims_are_refused(header: Any, claims: Any, signature: bytes) -> None:
    """Whatever is said without a signature that holds is not believed, and no defect."""
    tail = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    with pytest.raises(ServiceError):
        _verified(f"{_part(header)}.{_part(claims)}.{tail}")


@settings(max_examples=200, deadline=None)
@given(_LIKELY)
def test_any_signed_claims_are_answered(claims: dict[str, Any]) -> None:
    """Claims of a trusted issuer are taken or refused as AWS does; none is a defect."""
    now = int(time.time())
    usual = {"iss": URL, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    payload = json.dumps({**usual, **claims}).encode()
    text = jwt.PyJWS().encode(payload, private_key("ES256"), "ES256", headers={"kid": "key-1"})
    assert _answer(text) in {
        "",
        "InvalidIdentityToken",
        "ExpiredTokenException",
        "IDPRejectedClaim",
    }


def _answer(text: str) -> str:
    try:
        return "" if _verified(text).audience in ISSUER.audiences else "another audience"
    except ServiceError as error:
        return error.code
