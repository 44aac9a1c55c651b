"""Claims of the Authorization header.

Source: "Signature Calculations for the Authorization Header" in the Amazon S3 API reference.
"""

import re
from datetime import datetime
from typing import NamedTuple

from holdfast.aws.claims import (
    ALGORITHM,
    Claims,
    bad_argument,
    check_date,
    malformed,
    not_v4,
    parse_time,
    scope_of,
    signed_names,
    valid_declared,
)
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.refusals import family, refusal
from holdfast.aws.timestamps import from_http_date

_COMPONENTS = ("Credential", "Signature", "SignedHeaders")
# As SDKs write it, without another blank; whatever else may be meant is taken apart piece by piece.
_USUAL = re.compile(ALGORITHM + " Credential=([^,]+), SignedHeaders=([^,]+), Signature=([^,]+)")


class _Parts(NamedTuple):
    """The three components of a signature, still as text."""

    credential: str
    signed_headers: str
    signature: str


def from_header(request: Request, header: str, service: str) -> Claims:
    """Read the claims of a request with an Authorization header.

    Args:
        request: the request.
        header: the header's value.
        service: the signing name of the service that is asked.

    Raises:
        ServiceError: the header is malformed or for another service, or another one is missing.
    """
    parts = _components(header, service)
    key, date, region = scope_of(parts.credential, service, presigned=False)
    amz_date, time = _time(request, header, service)
    check_date(date, amz_date, service, presigned=False)
    return Claims(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_names(parts.signed_headers, service),
        signature=parts.signature,
        amz_date=amz_date,
        time=time,
        security_token=request.headers.get("x-amz-security-token"),
        presigned=False,
        expires=0,
        payload_hash=_declared(request, service),
    )


def _components(header: str, service: str) -> _Parts:
    usual = _USUAL.fullmatch(header)
    if usual is not None and header.count(" ") == 3 and "\t" not in header:
        return _Parts(*usual.groups())
    scheme, _, rest = header.partition(" ")
    if scheme in ("AWS", "AWS4-ECDSA-P256-SHA256"):
        raise not_v4(service)
    if scheme != ALGORITHM:
        raise bad_argument(service, "Unsupported Authorization Type", "Authorization", header)
    found: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip().partition("=")
        if not equals or name in found:
            raise malformed(service, f'the authorization component "{piece.strip()}" is malformed.')
        found[name] = value
    credential, signature, names = map(found.get, _COMPONENTS)
    if credential and signature and names:
        return _Parts(credential, names, signature)
    if family(service) == "s3":
        raise malformed(
            service,
            "the authorization header requires three components: Credential, SignedHeaders, "
            "and Signature.",
        )
    missing = [name for name in _COMPONENTS if not found.get(name)]
    needs = " ".join(f"Authorization header requires '{n}' parameter." for n in missing)
    raise refusal(service, "malformed", f"{needs} Authorization={header}")


def _time(request: Request, header: str, service: str) -> tuple[str, datetime]:
    """Return the time of signing in both forms: of x-amz-date, or else of Date."""
    text = request.headers.get("x-amz-date")
    time = parse_time(text)
    if time is not None:
        return text, time
    date = "" if text else request.headers.get("date")
    time = parse_time(date) or (_http_date(date) if date else None)
    if time is not None:
        return time.strftime("%Y%m%dT%H%M%SZ"), time
    if family(service) == "s3":
        raise ServiceError(
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
            status=403,
        )
    raise refusal(
        service,
        "malformed",
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        f"Authorization={header}",
    )


def _http_date(text: str) -> datetime | None:
    try:
        return from_http_date(text)
    except ValueError:
        return None


def _declared(request: Request, service: str) -> str:
    """Return what x-amz-content-sha256 declares; S3 requires it."""
    if family(service) != "s3":
        return ""
    value = request.headers.get("x-amz-content-sha256")
    if not value:
        raise ServiceError(
            "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
        )
    return valid_declared(value)
