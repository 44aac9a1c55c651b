"""AWS Signature Version 4: whether a request was signed with a secret.

Source: "Create a signed AWS API request" in the IAM user guide, and "Authenticating Requests (AWS
Signature Version 4)" in the Amazon S3 API reference. `claims` reads what `verify` checks.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from holdfast.aws.authorization import from_header
from holdfast.aws.claims import ALGORITHM, Claims, bad_argument, not_v4
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.presigned import from_query
from holdfast.aws.refusals import family, refusal
from holdfast.aws.unserved import unserved_unsigned

__all__ = ["Claims", "SigningContext", "claims", "signing_key", "verify"]

MAX_SKEW = timedelta(minutes=15)
_SPACES = re.compile(" {2,}")
_UNRESERVED = "-_.~"
_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
    "string parameter or the Authorization header should be specified"
)


class SigningContext(Struct, frozen=True):
    """What the chunks of a body are signed with, once its request was verified."""

    key: bytes  # the signing key of the scope
    amz_date: str
    scope: str
    signature: str  # of the request: the first chunk's signature builds on it
    payload_hash: str  # as declared: a hash or a keyword

    def __repr__(self) -> str:
        return "SigningContext(...)"


def claims(request: Request, service: str) -> Claims:
    """Read who signed a request, and check that it is said completely.

    Args:
        request: the request.
        service: the signing name of the service that is asked: `s3`, `dynamodb`, `kms`, `sts`, `iam`.

    Raises:
        ServiceError: there are no credentials, or they are malformed or for another service; with
            the code and message that AWS has for it.
    """
    header = request.headers.get("authorization")
    query = dict(reversed(request.query)) if request.query else {}
    presigned = "X-Amz-Algorithm" in query or "X-Amz-Signature" in query
    if header and presigned:
        raise bad_argument(service, _ONE_MECHANISM, "Authorization", header)
    if presigned:
        return from_query(request, query, service)
    if "AWSAccessKeyId" in query and "Signature" in query and not header:
        raise not_v4(service)
    if not header:
        raise unserved_unsigned(request, service) or refusal(service, "missing")
    return from_header(request, header, service)


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
    scope = claims.scope
    digest = hashlib.sha256(canonical).hexdigest()
    to_sign = f"{ALGORITHM}\n{claims.amz_date}\n{scope}\n{digest}".encode("latin-1")
    key = signing_key(secret, claims.date, claims.region, claims.service)
    expected = hmac.digest(key, to_sign, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), claims.signature.encode()):
        raise _mismatch(claims, canonical, to_sign)
    return SigningContext(key, claims.amz_date, scope, claims.signature, payload_hash)


def canonical_request(claims: Claims, request: Request, payload_hash: str) -> bytes:
    """Return the bytes whose hash is signed."""
    # A path of S3 is signed as it is sent; the other services' are encoded once more.
    path = request.raw_path or "/"
    if path != "/" and family(claims.service) != "s3":
        path = quote(path, safe="/" + _UNRESERVED)
    query = _canonical_query(request.raw_query, presigned=claims.presigned)
    names, joined = _ordered(claims.signed_headers)
    value_of = request.headers.get
    headers = "\n".join([f"{name}:{value_of(name)}" for name in names])
    if "  " in headers:
        headers = _SPACES.sub(" ", headers)
    text = f"{request.method}\n{path}\n{query}\n{headers}\n\n{joined}\n{payload_hash}"
    # Header values are bytes read as latin-1; this gives the bytes back.
    return text.encode("latin-1")


@lru_cache(maxsize=256)
def _ordered(names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the names of signed headers as they are signed: in order, and as one text."""
    ordered = tuple(sorted(names))
    return ordered, ";".join(ordered)


_set_of = lru_cache(maxsize=256)(frozenset[str])


def _canonical_query(raw: str, *, presigned: bool) -> str:
    if not raw:
        return ""
    pairs = []
    for piece in raw.split("&"):
        name, _, value = piece.partition("=")
        if piece and not (presigned and name == "X-Amz-Signature"):
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)


def _check_signed_headers(claims: Claims, request: Request) -> None:
    present = request.headers.names()
    others = present - _set_of(claims.signed_headers)
    missing = [name for name in others if name.startswith("x-amz-")]
    no_host = "host" not in present or "host" not in claims.signed_headers
    if missing or no_host:
        unsigned = ["host"] if no_host else []
        raise _unsigned(claims.service, [*unsigned, *(n for n in present if n in missing)])


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
    age = now - claims.time
    allowed = timedelta(seconds=claims.expires) if claims.presigned else MAX_SKEW
    if family(claims.service) == "s3":
        if claims.presigned:
            _check_presigned_time(claims, now, age)
        elif abs(age) > MAX_SKEW:
            raise refusal(
                "s3",
                "skewed",
                RequestTime=claims.amz_date,
                ServerTime=_extended(now),
                MaxAllowedSkewMilliseconds=int(MAX_SKEW.total_seconds() * 1000),
            )
    elif -age > MAX_SKEW:
        raise _untimely(claims, "Signature not yet current", "later", now, now + MAX_SKEW)
    elif age > allowed:
        raise _untimely(claims, "Signature expired", "earlier", now, now - allowed)


def _check_presigned_time(claims: Claims, now: datetime, age: timedelta) -> None:
    fields: dict[str, Any] = {"ServerTime": _extended(now)}
    if -age > MAX_SKEW:
        fields["X-Amz-Date"] = _extended(claims.time)
        raise ServiceError("AccessDenied", "Request is not valid yet", status=403, **fields)
    allowed = timedelta(seconds=claims.expires)
    if age > allowed:
        expired = _extended(claims.time + allowed)
        fields |= {"X-Amz-Expires": claims.expires, "Expires": expired}
        raise ServiceError("AccessDenied", "Request has expired", status=403, **fields)


def _untimely(claims: Claims, what: str, than: str, now: datetime, bound: datetime) -> ServiceError:
    sign, verb = ("+", "still") if than == "later" else ("-", "now")
    minutes = int(abs(bound - now).total_seconds() // 60)
    said = (
        f"{what}: {claims.amz_date} is {verb} {than} than {_basic(bound)} "
        f"({_basic(now)} {sign} {minutes} min.)"
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
