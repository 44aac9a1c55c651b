"""Claims of a presigned URL.

Source: "Authenticating Requests: Using Query Parameters" in the Amazon S3 API reference.
"""

import re

from holdfast.aws.claims import (
    ALGORITHM,
    UNSIGNED,
    Claims,
    check_date,
    parse_time,
    query_error,
    scope_of,
    signed_names,
    valid_declared,
)
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.refusals import family, refusal

LONGEST_EXPIRY = 604_800  # seconds: a week
_PRESIGNED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)


def from_query(request: Request, query: dict[str, str], service: str) -> Claims:
    """Read the claims of a presigned URL.

    Args:
        request: the request.
        query: its parameters, the first of each name.
        service: the signing name of the service that is asked.

    Raises:
        ServiceError: a parameter is missing or malformed, or it is for another service.
    """
    _complete(query, service)
    key, date, region = scope_of(query["X-Amz-Credential"], service, presigned=True)
    time = parse_time(query["X-Amz-Date"])
    if time is None:
        raise _query_refusal(
            service, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    check_date(date, query["X-Amz-Date"], service, presigned=True)
    return Claims(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_names(query["X-Amz-SignedHeaders"], service),
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
                raise query_error(
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
    return valid_declared(query.get("X-Amz-Content-Sha256") or header or UNSIGNED)


def _query_refusal(service: str, what: str) -> ServiceError:
    return query_error(what) if family(service) == "s3" else refusal(service, "malformed", what)
