"""Who a request says it is from: the Authorization header, or the query of a presigned URL.

Nothing here is verified; `sigv4.verify` does that. Source: "Authenticating Requests (AWS Signature
Version 4)" in the Amazon S3 API reference.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.refusals import family, refusal

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING = (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER)
LONGEST_EXPIRY = 604_800  # seconds: a week

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DATE = re.compile(r"[0-9]{8}", re.ASCII)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_PRESIGNED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_SCOPE_FORM = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
    "string parameter or the Authorization header should be specified"
)
_NOT_V4 = (
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a request says about who signed it, and how."""

    access_key_id: str
    date: str  # YYYYMMDD, of the credential scope
    region: str
    service: str
    signed_headers: tuple[str, ...]  # lower case, as listed
    signature: str
    amz_date: str  # YYYYMMDDTHHMMSSZ
    time: datetime  # the same, aware
    security_token: str  # empty for a long-lived key
    presigned: bool
    expires: int  # seconds from `time`; 0 unless presigned
    # S3 declares it, as a hash or a keyword. Empty for other services, which sign the body's hash.
    payload_hash: str

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class _Parts:
    """The three components of a signature, still as text."""

    credential: str
    signed_headers: str
    signature: str


def signed_service(request: Request) -> str:
    """Return the service that a request's credential scope names, or "" if it has none."""
    match = re.search(r"Credential=([^,\s]+)", request.headers.get("authorization"))
    credential = match[1] if match else request.parameter("X-Amz-Credential") or ""
    scope = credential.split("/")
    return scope[-2] if len(scope) >= 5 else ""


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
    query = dict(reversed(request.query))
    presigned = any(name in query for name in ("X-Amz-Algorithm", "X-Amz-Signature"))
    if header and presigned:
        raise _argument(service, _ONE_MECHANISM, "Authorization", header)
    if presigned:
        return _from_query(request, query, service)
    if "AWSAccessKeyId" in query and "Signature" in query and not header:
        raise _not_v4(service)
    if not header:
        raise refusal(service, "missing")
    return _from_header(request, header, service)


def _from_header(request: Request, header: str, service: str) -> Claims:
    parts = _components(header, service)
    key, date, region = _credential(parts.credential, service, presigned=False)
    amz_date, time = _time(request, header, service)
    _same_date(date, amz_date, service, presigned=False)
    return Claims(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_headers=_names(parts.signed_headers, service),
        signature=parts.signature,
        amz_date=amz_date,
        time=time,
        security_token=request.headers.get("x-amz-security-token"),
        presigned=False,
        expires=0,
        payload_hash=_declared(request, service),
    )


def _components(header: str, service: str) -> _Parts:
    scheme, _, rest = header.partition(" ")
    if scheme in ("AWS", "AWS4-ECDSA-P256-SHA256"):
        raise _not_v4(service)
    if scheme != ALGORITHM:
        raise _argument(service, "Unsupported Authorization Type", "Authorization", header)
    found: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip().partition("=")
        if not equals or name in found:
            raise _malformed(
                service, f'the authorization component "{piece.strip()}" is malformed.'
            )
        found[name] = value
    missing = [n for n in ("Credential", "Signature", "SignedHeaders") if not found.get(n)]
    if missing:
        if family(service) == "s3":
            raise _malformed(
                service,
                "the authorization header requires three components: Credential, SignedHeaders, "
                "and Signature.",
            )
        needs = " ".join(f"Authorization header requires '{n}' parameter." for n in missing)
        raise refusal(service, "malformed", f"{needs} Authorization={header}")
    return _Parts(found["Credential"], found["SignedHeaders"], found["Signature"])


def _credential(text: str, service: str, *, presigned: bool) -> tuple[str, str, str]:
    """Return access key id, date and region of a credential for this service."""
    pieces = text.rsplit("/", 4)
    if len(pieces) != 5 or not pieces[0] or not text.isascii():
        raise _credential_error(
            service, f"the Credential is mal-formed; expecting {_SCOPE_FORM}.", presigned=presigned
        )
    key, date, region, scoped, terminator = pieces
    if not _DATE.fullmatch(date):
        raise _credential_error(
            service,
            f'incorrect date format "{date}". This date in the credential must be in the format '
            '"yyyyMMdd".',
            presigned=presigned,
        )
    # AWS S3 insists on the bucket's region here. We serve one place under whatever name a client
    # has for it: IAM is always signed for us-east-1, and AWS_REGION of a user may be anything.
    if scoped != service or terminator != "aws4_request":
        raise _wrong_scope(service, scoped, terminator, presigned=presigned)
    return key, date, region


def _wrong_scope(service: str, scoped: str, terminator: str, *, presigned: bool) -> ServiceError:
    if family(service) != "s3":
        what = (
            f"correct service: '{service}'."
            if scoped != service
            else f"a valid terminator: 'aws4_request', not '{terminator}'."
        )
        said = f"Credential should be scoped to {what}"
        return refusal(service, "mismatch", said)
    wrong = (
        f'incorrect service "{scoped}". This endpoint belongs to "s3".'
        if scoped != service
        else f'incorrect terminator "{terminator}". This endpoint uses "aws4_request".'
    )
    return _credential_error(service, wrong, presigned=presigned)


def _credential_error(service: str, what: str, *, presigned: bool) -> ServiceError:
    if presigned and family(service) == "s3":
        return _query_error(f"Error parsing the X-Amz-Credential parameter; {what}")
    return _malformed(service, what)


def _names(text: str, service: str) -> tuple[str, ...]:
    """Return the names of the signed headers, in lower case."""
    if not text.isascii():
        raise refusal(service, "malformed")
    return tuple(text.lower().split(";"))


def _time(request: Request, header: str, service: str) -> tuple[str, datetime]:
    """Return the time of signing in both forms: of x-amz-date, or else of Date."""
    for name in ("x-amz-date", "date"):
        text = request.headers.get(name)
        if text:
            time = parse_time(text) or (_http_date(text) if name == "date" else None)
            if time:
                return time.strftime("%Y%m%dT%H%M%SZ"), time
            break
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


def parse_time(text: str) -> datetime | None:
    """Return the time that ISO 8601's basic form `YYYYMMDDTHHMMSSZ` says, or None."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _http_date(text: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _same_date(date: str, amz_date: str, service: str, *, presigned: bool) -> None:
    if date == amz_date[:8]:
        return
    if family(service) != "s3":
        said = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{date}' != '{amz_date[:8]}', from '{amz_date}'."
        )
        raise refusal(service, "mismatch", said)
    what = (
        f'Invalid credential date "{date}". This date is not the same as X-Amz-Date: '
        f'"{amz_date[:8]}".'
    )
    raise _query_error(what) if presigned else _malformed(service, what)


def _declared(request: Request, service: str) -> str:
    """Return what x-amz-content-sha256 declares; S3 requires it."""
    if family(service) != "s3":
        return ""
    value = request.headers.get("x-amz-content-sha256")
    if not value:
        raise ServiceError(
            "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
        )
    return _valid_declared(value)


def _valid_declared(value: str) -> str:
    if value in (UNSIGNED, *STREAMING) or _SHA256.fullmatch(value):
        return value
    keywords = ", ".join((UNSIGNED, *STREAMING))
    raise _argument(
        "s3",
        f"x-amz-content-sha256 must be {keywords} or a valid sha256 value.",
        "x-amz-content-sha256",
        value,
    )


def _from_query(request: Request, query: dict[str, str], service: str) -> Claims:
    _complete(query, service)
    key, date, region = _credential(query["X-Amz-Credential"], service, presigned=True)
    time = parse_time(query["X-Amz-Date"])
    if time is None:
        raise _query_refusal(
            service, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    _same_date(date, query["X-Amz-Date"], service, presigned=True)
    return Claims(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_headers=_names(query["X-Amz-SignedHeaders"], service),
        signature=query["X-Amz-Signature"],
        amz_date=query["X-Amz-Date"],
        time=time,
        security_token=query.get("X-Amz-Security-Token", ""),
        presigned=True,
        expires=_expires(query["X-Amz-Expires"], service),
        payload_hash=_declared_presigned(request, query, service),
    )


def _complete(query: dict[str, str], service: str) -> None:
    for name in _PRESIGNED:
        if not query.get(name):
            if family(service) == "s3":
                raise _query_error(
                    "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                    "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                    "X-Amz-Expires parameters."
                )
            said = f"AWS query-string parameters must include '{name}'. "
            raise refusal(service, "malformed", said + "Re-examine the query-string parameters.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise _query_refusal(service, f'X-Amz-Algorithm only supports "{ALGORITHM}"')


def _expires(text: str, service: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        raise _query_refusal(service, "X-Amz-Expires should be a number")
    seconds = int(text)
    if seconds < 0:
        raise _query_refusal(service, "X-Amz-Expires must be non-negative")
    if seconds > LONGEST_EXPIRY:
        raise _query_refusal(
            service,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
        )
    return seconds


def _declared_presigned(request: Request, query: dict[str, str], service: str) -> str:
    if family(service) != "s3":
        return ""
    header = request.headers.get("x-amz-content-sha256")
    return _valid_declared(query.get("X-Amz-Content-Sha256") or header or UNSIGNED)


def _malformed(service: str, what: str) -> ServiceError:
    return refusal(service, "malformed", f"The authorization header is malformed; {what}")


def _query_error(what: str) -> ServiceError:
    return ServiceError("AuthorizationQueryParametersError", what, status=400)


def _query_refusal(service: str, what: str) -> ServiceError:
    return _query_error(what) if family(service) == "s3" else refusal(service, "malformed", what)


def _not_v4(service: str) -> ServiceError:
    if family(service) == "s3":
        return ServiceError("InvalidRequest", _NOT_V4, status=400)
    return refusal(service, "malformed", _NOT_V4)


def _argument(service: str, message: str, name: str, value: str) -> ServiceError:
    if family(service) != "s3":
        return refusal(service, "malformed", message)
    return ServiceError(
        "InvalidArgument", message, status=400, ArgumentName=name, ArgumentValue=value
    )
