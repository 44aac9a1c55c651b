"""AWS Signature Version 4: whether a request was signed with a secret.

Source: "Create a signed AWS API request" in the IAM user guide, and "Authenticating Requests (AWS
Signature Version 4)" in the Amazon S3 API reference. `claims` reads what is verified here.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from holdfast.aws.claims import ALGORITHM, Claims, claims, signed_service
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.refusals import family, refusal

__all__ = ["Claims", "SigningContext", "claims", "signed_service", "signing_key", "verify"]

MAX_SKEW = timedelta(minutes=15)
_SPACES = re.compile(" {2,}")
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class SigningContext:
    """What the chunks of a body are signed with, once its request was verified."""

    key: bytes = field(repr=False)  # the signing key of the scope
    amz_date: str
    scope: str
    signature: str  # of the request: the first chunk's signature builds on it
    payload_hash: str  # as declared: a hash or a keyword


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the 32-byte key that signs for one day, region and service.

    Args:
        secret: the secret access key.
        date: YYYYMMDD.
        region: such as `eu-central-1`.
        service: the signing name, such as `s3`.
    """
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def verify(
    claims: Claims, request: Request, secret: str, now: datetime, body_sha256: str | None = None
) -> SigningContext:
    """Check a request's time and signature.

    Args:
        claims: what the request says about itself.
        request: the request.
        secret: the secret access key of `claims.access_key_id`.
        now: aware.
        body_sha256: the body's hash in hexadecimal. Needed for every service but S3, which declares
            it in a header; `payload` then checks the body against that.

    Raises:
        ServiceError: it was signed at another time, with another secret, or for another request.
    """
    _check_time(claims, now)
    _check_signed_headers(claims, request)
    payload_hash = claims.payload_hash or body_sha256
    if payload_hash is None:
        raise ValueError("the hash of the body is needed")
    canonical = canonical_request(claims, request, payload_hash)
    to_sign = "\n".join(
        (ALGORITHM, claims.amz_date, claims.scope, hashlib.sha256(canonical).hexdigest())
    ).encode("latin-1")
    key = signing_key(secret, claims.date, claims.region, claims.service)
    expected = hmac.digest(key, to_sign, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), claims.signature.encode()):
        raise _mismatch(claims, canonical, to_sign)
    return SigningContext(key, claims.amz_date, claims.scope, claims.signature, payload_hash)


def canonical_request(claims: Claims, request: Request, payload_hash: str) -> bytes:
    """Return the bytes whose hash is signed."""
    # A path of S3 is signed as it is sent; the other services' are encoded once more.
    path = request.raw_path or "/"
    if family(claims.service) != "s3":
        path = quote(path, safe="/" + _UNRESERVED)
    names = sorted(claims.signed_headers)
    lines = (
        request.method,
        path,
        _canonical_query(request.raw_query, presigned=claims.presigned),
        *(f"{name}:{_SPACES.sub(' ', request.headers.get(name))}" for name in names),
        "",
        ";".join(names),
        payload_hash,
    )
    # Header values are bytes read as latin-1; this gives the bytes back.
    return "\n".join(lines).encode("latin-1")


def _canonical_query(raw: str, *, presigned: bool) -> str:
    pairs = []
    for piece in raw.split("&"):
        name, _, value = piece.partition("=")
        if piece and not (presigned and name == "X-Amz-Signature"):
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)


def _check_signed_headers(claims: Claims, request: Request) -> None:
    required = (name for name in request.headers if name == "host" or name.startswith("x-amz-"))
    unsigned = [name for name in required if name not in claims.signed_headers]
    if "host" not in request.headers or "host" not in claims.signed_headers:
        unsigned = ["host", *(name for name in unsigned if name != "host")]
    if unsigned:
        raise _unsigned(claims.service, unsigned)


def _unsigned(service: str, names: Iterable[str]) -> ServiceError:
    if family(service) == "s3":
        return ServiceError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            status=403,
            HeadersNotSigned=", ".join(names),
        )
    name = next(iter(names))
    shown = "Host' or ':authority" if name == "host" else name.title()
    said = f"'{shown}' must be a 'SignedHeader' in the AWS Authorization."
    return refusal(service, "mismatch", said)


def _check_time(claims: Claims, now: datetime) -> None:
    expires = claims.time + timedelta(seconds=claims.expires)
    if family(claims.service) == "s3":
        if claims.presigned:
            _check_presigned_time(claims, now, expires)
        elif abs(now - claims.time) > MAX_SKEW:
            raise refusal(
                "s3",
                "skewed",
                RequestTime=claims.amz_date,
                ServerTime=_extended(now),
                MaxAllowedSkewMilliseconds=int(MAX_SKEW.total_seconds() * 1000),
            )
    elif claims.time > now + MAX_SKEW:
        raise _untimely(claims, "Signature not yet current", "later", now, now + MAX_SKEW)
    elif claims.presigned and expires < now:
        raise _untimely(claims, "Signature expired", "earlier", now, now)
    elif not claims.presigned and claims.time < now - MAX_SKEW:
        raise _untimely(claims, "Signature expired", "earlier", now, now - MAX_SKEW)


def _check_presigned_time(claims: Claims, now: datetime, expires: datetime) -> None:
    fields: dict[str, Any] = {"ServerTime": _extended(now)}
    if claims.time > now + MAX_SKEW:
        fields["X-Amz-Date"] = _extended(claims.time)
        raise ServiceError("AccessDenied", "Request is not valid yet", status=403, **fields)
    if now > expires:
        fields |= {"X-Amz-Expires": claims.expires, "Expires": _extended(expires)}
        raise ServiceError("AccessDenied", "Request has expired", status=403, **fields)


def _untimely(claims: Claims, what: str, than: str, now: datetime, bound: datetime) -> ServiceError:
    sign = "+" if than == "later" else "-"
    verb = "still" if than == "later" else "now"
    said = (
        f"{what}: {claims.amz_date} is {verb} {than} than {_basic(bound)} "
        f"({_basic(now)} {sign} 15 min.)"
    )
    return refusal(claims.service, "skewed", said)


def _basic(time: datetime) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ")


def _extended(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _mismatch(claims: Claims, canonical: bytes, to_sign: bytes) -> ServiceError:
    return refusal(
        claims.service,
        "mismatch",
        AWSAccessKeyId=claims.access_key_id,
        StringToSign=to_sign.decode("latin-1"),
        SignatureProvided=claims.signature,
        StringToSignBytes=to_sign.hex(" "),
        CanonicalRequest=canonical.decode("latin-1"),
        CanonicalRequestBytes=canonical.hex(" "),
    )
