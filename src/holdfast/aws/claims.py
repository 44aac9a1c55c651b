"""Who a request says it is from, and what both ways to say so have in common.

`authorization` reads the header and `presigned` the query; `sigv4.verify` verifies. Source:
"Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from holdfast.aws.errors import ServiceError
from holdfast.aws.refusals import family, refusal
from holdfast.aws.served import SERVED
from holdfast.aws.unserved import unserved_service

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING = (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER)

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DATE = re.compile(r"[0-9]{8}", re.ASCII)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_SCOPE_FORM = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
_NOT_V4 = (
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
)


class Claims(Struct, frozen=True):
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


def without_signature(
    service: str, time: datetime, *, access_key_id: str = "", region: str = "", payload: str = ""
) -> Claims:
    """Return what is known of a request that is not signed, as the claims of one that is.

    Args:
        service: that is asked.
        time: of the request, aware.
        access_key_id: where something other than a signature says it.
        region: that the service serves.
        payload: what is declared of the body, in place of its hash.
    """
    return Claims(
        access_key_id=access_key_id,
        date="",
        region=region,
        service=service,
        signed_headers=(),
        signature="",
        amz_date="",
        time=time,
        security_token="",
        presigned=False,
        expires=0,
        payload_hash=payload,
    )


@lru_cache(maxsize=256)
def scope_of(text: str, service: str, *, presigned: bool) -> tuple[str, str, str]:
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
    if scoped not in (service, *SERVED) and terminator == "aws4_request":
        raise unserved_service(scoped)
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
        return query_error(f"Error parsing the X-Amz-Credential parameter; {what}")
    return malformed(service, what)


@lru_cache(maxsize=256)
def signed_names(text: str, service: str) -> tuple[str, ...]:
    """Return the names of the signed headers, in lower case."""
    if not text.isascii():
        raise refusal(service, "malformed")
    return tuple(text.lower().split(";"))


@lru_cache(maxsize=64)
def parse_time(text: str) -> datetime | None:
    """Return the time that ISO 8601's basic form `YYYYMMDDTHHMMSSZ` says, or None."""
    if not _TIME.fullmatch(text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[9:11]), int(text[11:13]), int(text[13:15])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def check_date(date: str, amz_date: str, service: str, *, presigned: bool) -> None:
    """Refuse a scope whose date is not that of the signature's time."""
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
    raise query_error(what) if presigned else malformed(service, what)


def valid_declared(value: str) -> str:
    """Return what x-amz-content-sha256 says, if it is a hash or a keyword."""
    if _SHA256.fullmatch(value) or value in (UNSIGNED, *STREAMING):
        return value
    keywords = ", ".join((UNSIGNED, *STREAMING))
    raise bad_argument(
        "s3",
        f"x-amz-content-sha256 must be {keywords} or a valid sha256 value.",
        "x-amz-content-sha256",
        value,
    )


def malformed(service: str, what: str) -> ServiceError:
    """Return the error for an Authorization header that is malformed."""
    return refusal(service, "malformed", f"The authorization header is malformed; {what}")


def query_error(what: str) -> ServiceError:
    """Return the error of S3 for a presigned URL that is malformed."""
    return ServiceError("AuthorizationQueryParametersError", what, status=400)


def not_v4(service: str) -> ServiceError:
    """Return the error for a signature that is not of version 4."""
    if family(service) == "s3":
        return ServiceError("InvalidRequest", _NOT_V4, status=400)
    return refusal(service, "malformed", _NOT_V4)


def bad_argument(service: str, message: str, name: str, value: str) -> ServiceError:
    """Return the error for a header whose value is none of those that it can have."""
    if family(service) != "s3":
        return refusal(service, "malformed", message)
    return ServiceError(
        "InvalidArgument", message, status=400, ArgumentName=name, ArgumentValue=value
    )
