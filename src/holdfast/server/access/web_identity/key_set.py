"""The public keys of an issuer, as a JSON Web Key Set says them. RFC 7517.

Only asymmetric keys are taken: with a shared secret whoever verifies a token could sign one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

# By key type and curve: what it may sign with.
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_BY_CURVE = {("EC", "P-256"): "ES256", ("EC", "P-384"): "ES384", ("OKP", "Ed25519"): "EdDSA"}
ALGORITHMS = frozenset({*_RSA, *_BY_CURVE.values()})
_MOST_KEYS = 100
_RSA_BITS = range(2048, 8193)  # weaker ones prove nothing, longer ones take long


class VerifyingKey(msgspec.Struct, frozen=True):
    """A public key."""

    kid: str  # empty if it has none
    algorithms: frozenset[str]  # that it may sign with
    key: Any  # as PyJWT takes it


class KeySet(msgspec.Struct, frozen=True):
    """The keys of an issuer."""

    keys: tuple[VerifyingKey, ...] = ()

    def find(self, kid: str, algorithm: str) -> VerifyingKey | None:
        """Return the key that signed a token, or None.

        Args:
            kid: as the token's header says it; empty: the only key that fits is meant.
            algorithm: as the header says it.
        """
        fitting = [key for key in self.keys if algorithm in key.algorithms]
        if kid:
            return next((key for key in fitting if key.kid == kid), None)
        return fitting[0] if len(fitting) == 1 else None


def key_set(text: bytes) -> KeySet:
    """Read a key set. Keys of other kinds and for other uses are left out.

    Raises:
        ValueError: it is none, or has no key that can be used.
    """
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ValueError("it is no JSON") from None
    found = document.get("keys") if isinstance(document, dict) else None
    listed = found if isinstance(found, list) else None
    if listed is None:
        raise ValueError("it is no JSON Web Key Set: it has no list `keys`")
    if len(listed) > _MOST_KEYS:
        raise ValueError(f"it has more than {_MOST_KEYS} keys")
    keys = tuple(key for one in listed if isinstance(one, dict) for key in _usable(one))
    if not keys:
        raise ValueError("it has no RSA, P-256, P-384 or Ed25519 key to verify signatures with")
    return KeySet(keys)


def _usable(jwk: Mapping[str, Any]) -> Iterator[VerifyingKey]:
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    algorithms = _algorithms(jwk)
    kid = jwk.get("kid", "")
    if not algorithms or not isinstance(kid, str):
        return
    public = {
        name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")
    }
    try:
        key = PyJWK(public, min(algorithms)).key
    except (PyJWTError, ValueError, TypeError):
        return
    if jwk["kty"] == "RSA" and key.key_size not in _RSA_BITS:
        return
    yield VerifyingKey(kid, algorithms, key)


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    """Return what a key may sign with: by its type, and by what it says of itself."""
    kind, curve = jwk.get("kty"), jwk.get("crv")
    fitting = _RSA if kind == "RSA" else (_BY_CURVE.get((str(kind), str(curve)), ""),)
    said, use, operations = jwk.get("alg"), jwk.get("use", "sig"), jwk.get("key_ops", ["verify"])
    if use != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return frozenset()
    return frozenset(name for name in fitting if name and said in (None, name))
