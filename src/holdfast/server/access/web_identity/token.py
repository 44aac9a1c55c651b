"""A web identity token: a JSON Web Token, read and verified. RFC 7519, RFC 8725.

Nothing is believed before the signature holds but which issuer's keys to look at.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.access.web_identity.fetching import Unreachable
from holdfast.server.access.web_identity.issuer import Issuer
from holdfast.server.access.web_identity.key_set import ALGORITHMS
from holdfast.server.access.web_identity.key_source import KeySource

LONGEST = 20_000  # characters, AWS's own limit
_LEEWAY = 60  # seconds that clocks may differ
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
_MOST_VALUES = 100
_CLAIM = re.compile(r"[\w./-]{1,128}", re.ASCII)

Find = Callable[[str], tuple[Issuer, KeySource] | None]


class WebIdentity(msgspec.Struct, frozen=True):
    """Whom a verified token is of."""

    issuer: Issuer
    subject: str
    audience: str  # the one that the issuer is configured with
    claims: Mapping[str, tuple[str, ...]]  # those that can be compared with text


def verified(token: str, find: Find, now: datetime) -> WebIdentity:
    """Return whom a token is of.

    Args:
        token: in compact form.
        find: returns the issuer of a URL with its keys, or None for one that is not trusted.
        now: aware.

    Raises:
        ServiceError: InvalidIdentityToken, ExpiredTokenException, IDPRejectedClaim or
            IDPCommunicationError.
    """
    if len(token) > LONGEST or not _COMPACT.fullmatch(token):
        raise _malformed()
    head, payload, _ = token.split(".")
    header, unverified = _object(head), _object(payload)
    url = unverified.get("iss")
    known = find(url) if isinstance(url, str) else None
    if known is None:
        said = f"No OpenIDConnect provider found in your account for {str(url)[:256]}"
        raise _invalid(said)
    issuer, keys = known
    _check_signature(token, header, keys)
    _check_times(unverified, now.timestamp())
    _check_names(unverified)
    audience = _audience(unverified, issuer)
    subject = unverified.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise _invalid("Missing a required claim: sub")
    return WebIdentity(issuer, subject, audience, _comparable(unverified))


def _object(encoded: str) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _check_signature(token: str, header: Mapping[str, Any], keys: KeySource) -> None:
    from jwt import PyJWS
    from jwt.exceptions import PyJWTError

    algorithm, kid = header.get("alg"), header.get("kid", "")
    # Extensions that have to be understood are not; a key that the token brings itself proves nothing.
    if not isinstance(algorithm, str) or not isinstance(kid, str) or "crit" in header:
        raise _malformed()
    if algorithm not in ALGORITHMS:
        raise _invalid(f"The signing algorithm {algorithm[:16]!r} is not supported")
    try:
        key = keys.find(kid, algorithm)
    except Unreachable:
        # Why is for the operator, who finds it in the log.
        said = "The keys of the identity provider that issued the token could not be retrieved"
        raise ServiceError("IDPCommunicationError", said, status=400) from None
    if key is None:
        raise _invalid(
            "Couldn't retrieve verification key from your identity provider, please reference "
            "AssumeRoleWithWebIdentity documentation for requirements"
        )
    try:
        PyJWS().decode(token, key.key, algorithms=[algorithm])
    except (PyJWTError, ValueError):
        raise _invalid("The signature of the token is not one of its issuer") from None


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if expires is None or issued is None:
        missing = "exp" if expires is None else "iat"
        raise _invalid(f"Missing a required claim: {missing}")
    if expires + _LEEWAY <= now:
        said = (
            f"Token expired: current date/time {int(now)} must be before the expiration date/time "
            f"{int(expires)}"
        )
        raise ServiceError("ExpiredTokenException", said, status=400)
    if max(issued, _moment(claims, "nbf") or 0.0) - _LEEWAY > now:
        raise ServiceError("IDPRejectedClaim", "The token is not valid yet", status=403)


def _check_names(claims: Mapping[str, Any]) -> None:
    """Refuse claims that are one to conditions, whose keys have no case: which was meant is unknown.

    An issuer may let its users choose further claims, such as `SUB`, and only vouch for `sub`.
    """
    if len({name.lower() for name in claims}) < len(claims):
        raise _invalid("The token has claims whose names differ only in case")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time in seconds since the epoch, or None if there is none."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise _malformed()
    return float(value)


def _audience(claims: Mapping[str, Any], issuer: Issuer) -> str:
    value = claims.get("aud")
    given = value if isinstance(value, list) else [value]
    found = [text for text in given if isinstance(text, str) and text in issuer.audiences]
    if not found:
        raise _invalid("Incorrect token audience")
    return found[0]


def _comparable(claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the claims that conditions of policies can be about."""
    found = {}
    for name, value in claims.items():
        listed = value if isinstance(value, list) else [value]
        texts = tuple(text for one in listed[:_MOST_VALUES] if (text := _text(one)) is not None)
        if _CLAIM.fullmatch(name) and texts and len(texts) == len(listed):
            found[name] = texts
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) else None


def _malformed() -> ServiceError:
    return _invalid(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
        "Token)"
    )


def _invalid(said: str) -> ServiceError:
    return ServiceError("InvalidIdentityToken", said, status=400)
